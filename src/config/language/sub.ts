/**
 * language/sub — the subs of a configuration: what they are as values, and how they are called.
 *
 * The form that configurations use, reading a setting of the bank in force, and constants become data that
 * a daemon child can use without the language; any other program is kept as it was parsed, with the
 * variables and subs that it names.
 */
import {type Position, positionText, refusal} from '../problem.ts'
import type {Code, Program, Scalar, SubBody} from '../value.ts'
import type {Expr, Statement} from './ast.ts'
import {countSteps, DEEPEST_CALL, type Machine, type Scope} from './machine.ts'
import {plainName, runStatements} from './run.ts'
import {visit} from './visit.ts'

/** `sub {…}` as a value. */
export function anonymousSub(
  machine: Machine,
  statements: readonly Statement[],
  text: string,
  at: Position,
): Code {
  return {kind: 'code', name: undefined, body: subBody(machine, statements, text, at)}
}

/** `\&name`: a sub that a file defines, or the name of one of the program's own. */
export function namedSub(machine: Machine, name: string): Code {
  return capturedSub(machine, plainName(name), new Map()) ?? {kind: 'code', name, body: undefined}
}

/** A defined sub with its program; those that it calls are captured with it, once each. */
function capturedSub(machine: Machine, name: string, known: Map<string, Code>): Code | undefined {
  const sub = machine.subs.get(name)
  if (!sub) return undefined
  const before = known.get(name)
  if (before) return before
  const subs = new Map<string, Code>()
  const scope = new Map<string, never>()
  const body: Program = {
    kind: 'program',
    statements: sub.body,
    text: '',
    at: positionText(sub.at),
    scope,
    subs,
  }
  const code: Code = {kind: 'code', name, body}
  known.set(name, code)
  capture(machine, sub.body, sub.scope, scope, subs, known)
  return code
}

function subBody(machine: Machine, statements: readonly Statement[], text: string, at: Position): SubBody {
  const only = statements[0]
  if (statements.length === 0) return {kind: 'constant', values: []}
  if (statements.length === 1 && only?.type === 'expression') {
    const known = settingRead(only.of) ?? constantBody(only.of)
    if (known) return known
  }
  const scope = new Map<string, never>()
  const subs = new Map<string, Code>()
  capture(machine, statements, machine.scope, scope, subs, new Map())
  return {kind: 'program', statements, text, at: positionText(at), scope, subs}
}

/** Gather the `my` variables and the subs that a program names. */
function capture(
  machine: Machine,
  statements: readonly Statement[],
  from: Scope | undefined,
  scope: Map<string, unknown>,
  subs: Map<string, Code>,
  known: Map<string, Code>,
): void {
  visit(statements, node => {
    if (node.type === 'variable') {
      const full = node.sigil + node.name
      for (let outer = from; outer; outer = outer.outer) {
        const box = outer.names.get(full)
        if (!box) continue
        scope.set(full, box)
        break
      }
    } else if (node.type === 'call' || node.type === 'word' || node.type === 'codeName') {
      const name = plainName(node.name)
      const code = capturedSub(machine, name, known)
      if (code) subs.set(name, code)
    }
  })
}

/**
 * The values of a call.
 * @throws AmavisError AM_CONFIG for a sub that cannot be called while a file is read
 */
export function callSub(
  machine: Machine,
  code: Code,
  args: readonly Scalar[],
  want: 'scalar' | 'list',
  at: Position,
): readonly Scalar[] {
  const {body} = code
  if (body?.kind === 'constant') return body.values
  if (body?.kind === 'program') {
    for (const [name, sub] of body.subs) if (!machine.subs.has(name)) defineCaptured(machine, name, sub, at)
    const scope: Scope = {names: new Map(body.scope), outer: undefined}
    return runSub(machine, body.statements as readonly Statement[], scope, args, want, at)
  }
  if (body?.kind === 'setting') {
    const read = machine.builtins.get(body.accessor)
    if (read && body.wrap === undefined) return read(machine, [body.name], at)
  }
  const name =
    code.name === undefined ? 'this sub, which reads a setting of the bank in force,' : `&${code.name}`
  throw refusal(at, `${name} cannot be called while a configuration is read`)
}

function defineCaptured(machine: Machine, name: string, code: Code, at: Position): void {
  if (code.body?.kind !== 'program') return
  const scope: Scope = {names: new Map(code.body.scope), outer: undefined}
  machine.subs.set(name, {name, body: code.body.statements as readonly Statement[], scope, at})
}

/** Run a sub's statements with its arguments in `@_`. */
export function runSub(
  machine: Machine,
  body: readonly Statement[],
  scope: Scope | undefined,
  args: readonly Scalar[],
  want: 'scalar' | 'list',
  at: Position,
): readonly Scalar[] {
  countSteps(machine, 1 + args.length, at)
  if (machine.depth >= DEEPEST_CALL) throw refusal(at, `subs call each other more than ${DEEPEST_CALL} deep`)
  const outer = {scope: machine.scope, strict: machine.strict, want: machine.want, locals: machine.locals}
  const locals: (() => void)[] = []
  machine.scope = {names: new Map([['@_', {kind: 'array', items: [...args]}]]), outer: scope}
  machine.want = want
  machine.locals = locals
  machine.depth++
  try {
    const end = runStatements(machine, body)
    return end.kind === 'done' || end.kind === 'return' ? end.values : []
  } finally {
    for (const restore of locals.reverse()) restore()
    machine.depth--
    Object.assign(machine, outer)
  }
}

/** `c('x')`, `ca('x')`, `cr('x')`, `Opaque(c('x'))`, `[c('x')]`. */
function settingRead(expr: Expr): SubBody | undefined {
  if (expr.type === 'newArray' && expr.items.length === 1) return wrapped(expr.items[0]!, 'list')
  if (expr.type === 'list' && expr.items.length === 1) return settingRead(expr.items[0]!)
  if (expr.type !== 'call') return undefined
  if (expr.name === 'Opaque' && expr.args.length === 1) return wrapped(expr.args[0]!, 'opaque')
  const name = expr.args[0]
  if (!/^c[ar]?$/.test(expr.name) || expr.args.length !== 1 || name?.type !== 'constant') return undefined
  return {
    kind: 'setting',
    accessor: expr.name as 'c' | 'ca' | 'cr',
    name: String(name.value),
    wrap: undefined,
  }
}

function wrapped(expr: Expr, wrap: 'opaque' | 'list'): SubBody | undefined {
  const inner = settingRead(expr)
  return inner?.kind === 'setting' && inner.wrap === undefined ? {...inner, wrap} : undefined
}

function constantBody(expr: Expr): SubBody | undefined {
  const items = expr.type === 'list' ? expr.items : [expr]
  const values: Scalar[] = []
  for (const item of items) {
    if (item.type === 'constant') values.push(item.value)
    else if (item.type === 'call' && item.name === 'undef' && item.args.length === 0) values.push(undefined)
    else return undefined
  }
  return {kind: 'constant', values}
}
