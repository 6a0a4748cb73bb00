/**
 * runnable — whether a sub can be run while mail is handled.
 *
 * Such a sub reads settings and calls functions that are known. What it cannot do (run a command, read a
 * file, change a setting) is an error at the place in its program, when the configuration is read and not
 * when mail comes.
 */
import type {Call, Expr, Statement} from './language/ast.ts'
import {isLanguageFunction} from './language/call.ts'
import {CONSTANTS} from './language/constants.ts'
import {plainName} from './language/run.ts'
import {visit} from './language/visit.ts'
import type {Position, Problem} from './problem.ts'
import {RUN_FUNCTIONS} from './run-sub.ts'
import type {Program} from './value.ts'

/** Perl's own variables, which every run has anew. */
const SPECIAL = /^[$@%](?:_|a|b|\d+|\W|\^[A-Z])$/

/** What keeps a sub from being run; empty when nothing does. */
export function obstaclesIn(program: Program): readonly Problem[] {
  const own = new Set(program.scope.keys())
  const statements = program.statements as readonly Statement[]
  visit(statements, node => {
    if (node.type === 'declare' && node.scope === 'my')
      for (const target of node.targets) addName(own, target)
    if (node.type === 'foreach' && node.own && node.variable) addName(own, node.variable)
  })
  const found: Problem[] = []
  const report = (at: Position, message: string, help?: string) =>
    found.push(help === undefined ? {at, message} : {at, message, help})
  visit(statements, node => {
    const changed = changedBy(node)
    const name = changed && rootName(changed)
    if (name !== undefined && !own.has(name) && !SPECIAL.test(name)) {
      report(node.at, `a sub cannot change ${name} when mail is handled`, 'use a variable of its own: my')
    }
    if (node.type === 'command' || node.type === 'fileTest') {
      const what = node.type === 'command' ? 'run a command' : 'look at files'
      report(
        node.at,
        `a sub cannot ${what} when mail is handled`,
        'do it outside of the sub, and keep the result',
      )
    } else if (node.type === 'call' && !isKnown(node.name, program)) {
      report(node.at, `the function "${node.name}" cannot be called by a sub when mail is handled`)
    }
  })
  return found
}

function addName(names: Set<string>, target: Expr): void {
  if (target.type === 'variable') names.add(target.sigil + target.name)
}

function isKnown(called: string, program: Program): boolean {
  const name = plainName(called)
  return program.subs.has(name) || RUN_FUNCTIONS.has(name) || CONSTANTS.has(name) || isLanguageFunction(name)
}

const CHANGING = new Set(['push', 'unshift', 'pop', 'shift', 'splice', 'delete', 'undef', 'chomp', 'chop'])

/** The expression whose variable a node changes. */
function changedBy(node: Expr | Statement): Expr | undefined {
  switch (node.type) {
    case 'assign':
      return node.target
    case 'step':
      return node.of
    case 'declare':
      return node.scope === 'local' ? node.targets[0] : undefined
    case 'match':
      return node.replacement && !node.flags.includes('r') ? node.target : undefined
    case 'transliteration':
      return node.to !== '' && !node.flags.includes('r') ? node.target : undefined
    case 'call':
      return changesArgument(node) ? node.args[0] : undefined
    default:
      return undefined
  }
}

function changesArgument(call: Call): boolean {
  return CHANGING.has(call.name) || (call.name === 'substr' && call.args.length > 3)
}

/** The variable that an expression is a part of; undefined for what a reference points to. */
function rootName(expr: Expr): string | undefined {
  switch (expr.type) {
    case 'variable':
      return expr.sigil + expr.name
    case 'element':
    case 'slice':
    case 'lastIndex':
      return rootName(expr.of)
    case 'deref':
      return rootName(expr.of)
    case 'assign':
      return rootName(expr.target)
    case 'list':
      return expr.items.map(rootName).find(name => name !== undefined)
    default:
      return undefined
  }
}
