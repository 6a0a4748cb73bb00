/**
 * language/run — statements.
 */
import {AmavisError} from '../../errors.ts'
import {isTrue} from '../number.ts'
import {type Position, problemsOf, refusal} from '../problem.ts'
import type {Scalar} from '../value.ts'
import type {Expr, Statement} from './ast.ts'
import {textOf} from './convert.ts'
import {listOf, scalarOf} from './evaluate.ts'
import {countSteps, inScope, type Machine, newBox, variableBox} from './machine.ts'
import {arrayBox} from './place.ts'

/** How a block came to its end; values: those of its last expression, or of `return`. */
export type End =
  | {readonly kind: 'done'; readonly values: readonly Scalar[]}
  | {readonly kind: 'return'; readonly values: readonly Scalar[]}
  | {readonly kind: 'next' | 'last'; readonly label: string | undefined}

/** What a statement costs, beside the lists and texts that it makes. */
const STATEMENT_STEPS = 2
const DONE: End = {kind: 'done', values: []}

/** Run statements in a scope of their own. */
export function runBlock(machine: Machine, body: readonly Statement[]): End {
  return inScope(machine, () => runStatements(machine, body))
}

/** @param report takes the error of a statement, and the next one is run; without it the error is thrown */
export function runStatements(
  machine: Machine,
  body: readonly Statement[],
  report?: (error: unknown, statement: Statement) => void,
): End {
  define(machine, body)
  let end = DONE
  for (const statement of body) {
    try {
      countSteps(machine, STATEMENT_STEPS, statement.at)
      end = runStatement(machine, statement)
    } catch (error) {
      if (error instanceof Leaving) return error.end
      const placed = withPlace(error, statement.at)
      if (!report) throw placed
      report(placed, statement)
      continue
    }
    if (end.kind !== 'done') return end
  }
  return end
}

/** An error of a helper that knows no place, a match that took too long for one, with the statement's. */
function withPlace(error: unknown, at: Position): unknown {
  const isBare = error instanceof AmavisError && error.code === 'AM_CONFIG' && !problemsOf(error)
  return isBare ? refusal(at, error.message) : error
}

/** Named subs exist before the statements around them are run. */
function define(machine: Machine, body: readonly Statement[]): void {
  for (const statement of body) {
    if (statement.type !== 'namedSub') continue
    const {name, at} = statement
    machine.subs.set(plainName(name), {name, body: statement.body, scope: machine.scope, at})
  }
}

/** The name of a sub without the package of configurations. */
export function plainName(name: string): string {
  return name.replace(/^(?:Amavis::(?:Conf|Util)::|main::|::)/, '')
}

/** `… or return`: on its way out of the expression that it stands in. */
export class Leaving {
  readonly end: End

  constructor(end: End) {
    this.end = end
  }
}

/** Values as the sub that is running is to give them. */
function valuesOf(machine: Machine, of: Expr): readonly Scalar[] {
  return machine.want === 'scalar' ? [scalarOf(machine, of)] : listOf(machine, of)
}

export function runStatement(machine: Machine, statement: Statement): End {
  switch (statement.type) {
    case 'expression':
      return {kind: 'done', values: valuesOf(machine, statement.of)}
    case 'if': {
      for (const {test, body} of statement.branches) {
        if (isTrue(scalarOf(machine, test))) return runBlock(machine, body)
      }
      return statement.otherwise ? runBlock(machine, statement.otherwise) : DONE
    }
    case 'while':
      return runWhile(machine, statement)
    case 'foreach':
      return runForeach(machine, statement)
    case 'block': {
      const end = runBlock(machine, statement.body)
      return isOf(end, statement.label) ? DONE : end
    }
    case 'return':
      return {kind: 'return', values: statement.value ? valuesOf(machine, statement.value) : []}
    case 'jump':
      return {kind: statement.to, label: statement.label}
    case 'pragma':
      if (statement.name === 'strict') machine.strict = statement.on
      return DONE
    case 'namedSub':
      return DONE
    case 'constants':
      defineConstants(machine, statement.of)
      return DONE
    case 'ourNames':
      for (const name of statement.names) {
        if (!machine.variables.has(name))
          machine.variables.set(name, newBox(name[0] === '@' ? '@' : name[0] === '%' ? '%' : '$'))
      }
      return DONE
  }
}

/** Whether a `next` or `last` means the loop of this label. */
function isOf(end: End, label: string | undefined): boolean {
  return (end.kind === 'next' || end.kind === 'last') && (end.label === undefined || end.label === label)
}

/** `NAME => VALUE` or `{NAME => VALUE, …}`: subs that give their value. */
function defineConstants(machine: Machine, of: Expr): void {
  const pairs = of.type === 'newHash'
  const items = listOf(machine, pairs ? {type: 'list', items: of.items, at: of.at} : of)
  const define = (name: Scalar, values: readonly Scalar[]) => {
    const list: Expr = {
      type: 'list',
      items: values.map((value): Expr => ({type: 'value', value, at: of.at})),
      at: of.at,
    }
    const body: Statement[] = [
      {type: 'expression', of: values.length === 1 ? list.items[0]! : list, at: of.at},
    ]
    machine.subs.set(textOf(name), {name: textOf(name), body, scope: undefined, at: of.at})
  }
  if (!pairs) define(items[0], items.slice(1))
  else for (let i = 0; i < items.length; i += 2) define(items[i], [items[i + 1]])
}

function runWhile(machine: Machine, loop: Extract<Statement, {type: 'while'}>): End {
  for (let first = loop.bodyFirst; first || isTrue(scalarOf(machine, loop.test)); first = false) {
    countSteps(machine, 1, loop.at)
    const end = runBlock(machine, loop.body)
    if (end.kind !== 'done') {
      if (!isOf(end, loop.label)) return end
      if (end.kind === 'last') break
    }
    runStatements(machine, loop.after)
  }
  return DONE
}

/** The loop variable stands for the element: what the body assigns to it changes an array looped over. */
function runForeach(machine: Machine, loop: Extract<Statement, {type: 'foreach'}>): End {
  const {list} = loop
  const only = list.type === 'list' && list.items.length === 1 ? list.items[0]! : list
  const isArray = (only.type === 'variable' || only.type === 'deref') && only.sigil === '@'
  const items = isArray ? (arrayBox(machine, only, false)?.items ?? []) : [...listOf(machine, list)]
  const name = loop.variable?.name ?? '_'
  const outer = loop.own ? undefined : variableBox(machine, '$', name, loop.at)
  const before = outer?.kind === 'scalar' ? outer.value : undefined
  try {
    for (let i = 0; i < items.length; i++) {
      countSteps(machine, 1, loop.at)
      const end = inScope(machine, () => {
        const box = outer?.kind === 'scalar' ? outer : {kind: 'scalar' as const, value: undefined as Scalar}
        box.value = items[i]
        if (!outer) machine.scope!.names.set(`$${name}`, box)
        const ended = runBlock(machine, loop.body)
        items[i] = box.value
        return ended
      })
      if (end.kind === 'done') continue
      if (!isOf(end, loop.label)) return end
      if (end.kind === 'last') break
    }
  } finally {
    if (outer?.kind === 'scalar') outer.value = before
  }
  return DONE
}
