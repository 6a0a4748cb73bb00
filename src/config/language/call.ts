/**
 * language/call — calls: Perl's functions, ours, and the few constructors that are known.
 */
import {refusal} from '../problem.ts'
import type {Scalar} from '../value.ts'
import type {Call, Expr} from './ast.ts'
import {CONSTANTS} from './constants.ts'
import {textOf} from './convert.ts'
import {itemsOf, scalarOf} from './evaluate.ts'
import {BLOCK_FUNCTIONS, LIST_FUNCTIONS} from './list-functions.ts'
import {countText, type Machine} from './machine.ts'
import {plainName} from './run.ts'
import {runSub} from './sub.ts'
import {TEXT_FUNCTIONS} from './text-functions.ts'
import {TIME_FUNCTIONS} from './time-functions.ts'
import {unknownFunction} from './unknown-function.ts'
import {VARIABLE_FUNCTIONS} from './variable-functions.ts'

type MethodCall = Extract<Expr, {type: 'methodCall'}>
export type Want = 'scalar' | 'list'

/**
 * The result of a call; in scalar context its last value counts.
 * @throws AmavisError AM_CONFIG for a function that is unknown or must not run here
 */
export function callFunction(machine: Machine, call: Call | MethodCall, want: Want): readonly Scalar[] {
  if (call.type === 'methodCall') return constructObject(machine, call)
  const name = plainName(call.name.replace(/^CORE::(?:GLOBAL::)?/, ''))
  const constant = CONSTANTS.get(name)
  if (constant !== undefined && call.args.length === 0) return [constant]
  const onVariables = VARIABLE_FUNCTIONS.get(name) ?? TIME_FUNCTIONS.get(name)
  if (onVariables) return onVariables(machine, call, want)
  const onLists = BLOCK_FUNCTIONS.get(name)
  if (onLists) return onLists(machine, call, want)
  const args = itemsOf(machine, call.args)
  const onText = TEXT_FUNCTIONS.get(name) ?? LIST_FUNCTIONS.get(name)
  if (onText) {
    const given = args.length === 0 && call.args.length === 0 ? [topic(machine, call)] : args
    const value = onText(given, call.at, machine)
    for (const text of [value, ...given])
      if (typeof text === 'string') countText(machine, text.length, call.at)
    return [value]
  }
  const sub = machine.subs.get(name)
  if (sub) return runSub(machine, sub.body, sub.scope, args, want, call.at)
  const ours = machine.builtins.get(name)
  if (ours) return ours(machine, args, call.at)
  throw unknownFunction(machine, name, call.at)
}

/** Whether a function is Perl's own, and works on values alone. */
export function isLanguageFunction(name: string): boolean {
  const tables = [VARIABLE_FUNCTIONS, TIME_FUNCTIONS, BLOCK_FUNCTIONS, TEXT_FUNCTIONS, LIST_FUNCTIONS]
  return tables.some(table => table.has(name))
}

/** `$_`, which many functions take when nothing is given. */
function topic(machine: Machine, call: Call): Scalar {
  return scalarOf(machine, {type: 'variable', sigil: '$', name: '_', at: call.at})
}

/** `Amavis::Lookup::RE->new(…)` and the other look-up objects that a file may make itself. */
function constructObject(machine: Machine, call: MethodCall): readonly Scalar[] {
  if (call.of.type !== 'constant') return [factOf(machine, call)]
  const name = call.of.type === 'constant' ? textOf(call.of.value) : ''
  const known = /^Amavis::Lookup::(RE|SQLfield|LDAPattr|Label|IP|DNSxL)$/.exec(name)
  if (!known || call.method !== 'new') {
    throw refusal(
      call.at,
      `the method call "${name === '' ? '…' : name}->${call.method}" cannot be made in a configuration`,
    )
  }
  const args = itemsOf(machine, call.args)
  if (known[1] === 'RE') return machine.builtins.get('new_RE')!(machine, args, call.at)
  return [{kind: 'object', of: known[1]!, items: [...args]}]
}

/** `$msginfo->rx_time`: a fact about the mail in hand, by its name; undef where there is none. */
function factOf(machine: Machine, call: MethodCall): Scalar {
  const value = scalarOf(machine, call.of)
  if (value === undefined) return undefined
  const [facts] =
    typeof value === 'object' && value.kind === 'object' && value.of === 'Message' ? value.items : []
  if (typeof facts === 'object' && facts.kind === 'ref' && facts.to.kind === 'hash')
    return facts.to.entries.get(call.method)
  throw refusal(
    call.at,
    `the method "${call.method}" cannot be called here: only a mail has some to tell of it`,
  )
}
