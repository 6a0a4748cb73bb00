/**
 * language/run — statements.
 */
import {isTrue} from '../number.ts'
import type {Scalar} from '../value.ts'
import type {Statement} from './ast.ts'
import {listOf, scalarOf} from './evaluate.ts'
import {countSteps, inScope, type Machine, newBox, variableBox} from './machine.ts'
import {arrayBox} from './place.ts'

/** How a block came to its end; values: those of its last expression, or of `return`. */
export type End =
  | {readonly kind: 'done'; readonly values: readonly Scalar[]}
  | {readonly kind: 'return'; readonly values: readonly Scalar[]}
  | {readonly kind: 'next'}
  | {readonly kind: 'last'}

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
  let end = DONE
  for (const statement of body) {
    try {
      end = runStatement(machine, statement)
    } catch (error) {
      if (!report) throw error
      report(error, statement)
      continue
    }
    if (end.kind !== 'done') return end
  }
  return end
}

function runStatement(machine: Machine, statement: Statement): End {
  switch (statement.type) {
    case 'expression':
      return {kind: 'done', values: listOf(machine, statement.of)}
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
      return end.kind === 'next' || end.kind === 'last' ? DONE : end
    }
    case 'return':
      return {kind: 'return', values: statement.value ? listOf(machine, statement.value) : []}
    case 'jump':
      return {kind: statement.to}
    case 'pragma':
      if (statement.name === 'strict') machine.strict = statement.on
      return DONE
    case 'namedSub': {
      const message = `subs of a configuration are not run: "${statement.name}" has no effect`
      machine.warnings.push({at: statement.at, message})
      return DONE
    }
    case 'ourNames':
      for (const name of statement.names) {
        if (!machine.variables.has(name))
          machine.variables.set(name, newBox(name[0] === '@' ? '@' : name[0] === '%' ? '%' : '$'))
      }
      return DONE
  }
}

function runWhile(machine: Machine, loop: Extract<Statement, {type: 'while'}>): End {
  while (isTrue(scalarOf(machine, loop.test))) {
    countSteps(machine, 1, loop.at)
    const end = runBlock(machine, loop.body)
    if (end.kind === 'return') return end
    if (end.kind === 'last') break
    if (loop.step) scalarOf(machine, loop.step)
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
      if (end.kind === 'return') return end
      if (end.kind === 'last') break
    }
  } finally {
    if (outer?.kind === 'scalar') outer.value = before
  }
  return DONE
}
