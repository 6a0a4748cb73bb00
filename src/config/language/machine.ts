/**
 * language/machine — the state of an evaluation: variables, lexical scopes, and the world outside.
 */

import {nearestName} from '../nearest.ts'
import {Origins} from '../origins.ts'
import {configErrors, type Position, type Problem, refusal} from '../problem.ts'
import type {CompiledRegexp} from '../regexp.ts'
import type {Box} from '../snapshot.ts'
import type {Scalar} from '../value.ts'
import type {Sigil, Statement} from './ast.ts'

/** What a configuration can ask of the machine it is read on. */
export interface Outside {
  /** the octets of a file; throws as node:fs does */
  readFile(path: string): Buffer
  /** Perl's file tests, by letter; undefined when there is no such file */
  testFile(test: string, path: string): Scalar
  /** the output of one of the few commands that are answered without running them; undefined: not one of these */
  command(text: string): string | undefined
}

/** A function of ours that a configuration may call. */
export type Builtin = (machine: Machine, args: readonly Scalar[], at: Position) => readonly Scalar[]

export interface Scope {
  readonly names: Map<string, Box>
  readonly outer: Scope | undefined
}

export interface Machine {
  /** configuration variables by name with sigil, and those that a file without `use strict` made up */
  readonly variables: Map<string, Box>
  scope: Scope | undefined
  strict: boolean
  readonly outside: Outside
  /** functions that know of the configuration: new_RE, read_hash, include_config_files … */
  readonly builtins: ReadonlyMap<string, Builtin>
  readonly warnings: Problem[]
  /** right as it stands, and worth a second look */
  readonly hints: Problem[]
  /** mistakes so far; each cost one statement, and the rest was read on */
  readonly errors: Problem[]
  /** bare names in statements that were lost: what they would have set is not known */
  readonly lost: Set<string>
  /** where a variable was given its last value by a file */
  readonly assigned: Map<Box, Position>
  /** where the entries of lists and hashes were written */
  readonly origins: Origins
  /** Perl's own variables: `$_`, `$1`, `$@` …; no settings, and forgotten with this machine */
  readonly specials: Map<string, Box>
  /** regexps made ready, by flags and pattern */
  readonly regexps: Map<string, CompiledRegexp>
  /** whether a regexp value is made ready where it stands, for its mistakes; the defaults' have none */
  triesRegexps: boolean
  /** subs that files define, by name */
  readonly subs: Map<string, DefinedSub>
  /** values to restore when the block, or the file, ends: `local` */
  locals: (() => void)[]
  /** what the sub that is running is to give */
  want: 'scalar' | 'list'
  /** how deep subs call each other */
  depth: number
  /** steps left: statements, values of lists, and texts by their length, before the evaluation is stopped */
  steps: number
}

/** A machine that has seen nothing yet. */
export function newMachine(
  given: Pick<Machine, 'variables' | 'outside' | 'builtins' | 'specials' | 'steps'>,
): Machine {
  return {
    ...given,
    scope: undefined,
    strict: false,
    warnings: [],
    hints: [],
    errors: [],
    lost: new Set(),
    assigned: new Map(),
    origins: new Origins(),
    regexps: new Map(),
    triesRegexps: true,
    subs: new Map(),
    locals: [],
    want: 'list',
    depth: 0,
  }
}

/** `sub name {…}`, and the variables that it sees. */
export interface DefinedSub {
  readonly name: string
  readonly body: readonly Statement[]
  readonly scope: Scope | undefined
  readonly at: Position
}

/** How deep subs may call each other. */
export const DEEPEST_CALL = 100
/** Longest text, and longest list, that an expression may make. */
export const LONGEST_TEXT = 16_000_000
export const LONGEST_LIST = 1_000_000

/** Names that are not settings and that Perl always has. */
const ALWAYS = /^(?:[$@%](?:ENV|ARGV|INC|SIG|_|a|b|0)|[$@]-|\$(?:\d+|\^[A-Z]|[&!@/\\,;.|"<>()$]))$/

export function newBox(sigil: Sigil): Box {
  if (sigil === '$') return {kind: 'scalar', value: undefined}
  return sigil === '@' ? {kind: 'array', items: []} : {kind: 'hash', entries: new Map()}
}

/**
 * The variable of a name.
 * @throws AmavisError AM_CONFIG when it is unknown and `use strict` is in force
 */
export function variableBox(machine: Machine, sigil: Sigil, name: string, at: Position): Box {
  const full = sigil + name
  for (let scope = machine.scope; scope; scope = scope.outer) {
    const box = scope.names.get(full)
    if (box) return box
  }
  const known = machine.variables.get(full) ?? machine.specials.get(full)
  if (known) return known
  const internal = ALWAYS.test(full)
  if (machine.strict && !internal && !name.includes('::'))
    throw configErrors([unknownVariable(machine, full, at)])
  if (!internal) {
    machine.warnings.push({
      at,
      message: `there is no setting ${full}, so it has no effect`,
      ...hint(machine, full),
    })
  }
  const box = newBox(sigil)
  const kept = internal ? machine.specials : machine.variables
  kept.set(full, box)
  return box
}

/** Give one of Perl's own variables its value. */
export function setSpecial(machine: Machine, full: string, value: Scalar): void {
  machine.specials.set(full, {kind: 'scalar', value})
}

/** Whether a variable of this name is known without making one. */
export function hasVariable(machine: Machine, full: string): boolean {
  for (let scope = machine.scope; scope; scope = scope.outer) if (scope.names.has(full)) return true
  return machine.variables.has(full) || ALWAYS.test(full)
}

export function declare(machine: Machine, sigil: Sigil, name: string): Box {
  const box = newBox(sigil)
  machine.scope ??= {names: new Map(), outer: undefined}
  machine.scope.names.set(sigil + name, box)
  return box
}

/** What is said of a variable that does not exist. */
export function unknownVariable(machine: Machine, full: string, at: Position): Problem {
  const help = `declare it by "my ${full}" if it is a variable of the file's own`
  return {at, message: `there is no setting ${full}`, help, ...hint(machine, full)}
}

function hint(machine: Machine, full: string): {readonly help?: string} {
  const near = nearestName(full, machine.variables.keys())
  return near === undefined ? {} : {help: `did you mean ${near}?`}
}

/**
 * Count statements, or values of a list that a loop may make grow.
 * @throws AmavisError AM_CONFIG, which no `eval` catches, when there were too many
 */
export function countSteps(machine: Machine, count: number, at: Position): void {
  machine.steps -= count
  if (machine.steps < 0)
    throw refusal(at, 'this configuration does not come to an end: a loop, or a sub that calls itself')
}

/** Octets of text that count as one step. */
const TEXT_STEP = 64

/**
 * Count a text that is made.
 * @throws AmavisError AM_CONFIG, which no `eval` catches, when it is too long, or there were too many
 */
export function countText(machine: Machine, length: number, at: Position): void {
  if (length > LONGEST_TEXT)
    throw refusal(at, `a text of this configuration is longer than ${LONGEST_TEXT} octets`)
  countSteps(machine, Math.floor(length / TEXT_STEP), at)
}

/** Run `body` in a scope of its own. */
export function inScope<T>(machine: Machine, body: () => T): T {
  const {scope, strict, locals} = machine
  const own: (() => void)[] = []
  machine.scope = {names: new Map(), outer: scope}
  machine.locals = own
  try {
    return body()
  } finally {
    for (const restore of own.reverse()) restore()
    machine.scope = scope
    machine.strict = strict
    machine.locals = locals
  }
}
