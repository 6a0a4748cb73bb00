/**
 * language/sub — what an anonymous sub does, told from its program.
 *
 * The form that configurations use, reading a setting of the bank in force, and constants become data that
 * a daemon child can use without the language; any other program is kept as it was parsed.
 */
import {type Position, positionText} from '../problem.ts'
import type {Scalar, SubBody} from '../value.ts'
import type {Expr, Statement} from './ast.ts'

export function subBody(statements: readonly Statement[], text: string, at: Position): SubBody {
  const only = statements[0]
  if (statements.length === 0) return {kind: 'constant', values: []}
  if (statements.length === 1 && only?.type === 'expression') {
    const known = settingRead(only.of) ?? constantBody(only.of)
    if (known) return known
  }
  return {kind: 'program', statements, text, at: positionText(at)}
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
