/**
 * language/names — variables that a file uses under `use strict` and that nobody declared.
 *
 * Perl refuses such a file before it runs any of it; so all of them are found at once, in code that would
 * not be reached too. Scopes are not told apart: a name declared anywhere in the file passes here, and
 * is found out when it is used.
 */
import type {Position} from '../problem.ts'
import type {Expr, Statement} from './ast.ts'
import {visit} from './visit.ts'

export interface UnknownName {
  readonly full: string
  readonly at: Position
}

/** @param isKnown whether a variable of this name, sigil included, exists before the file is run */
export function unknownNames(
  file: readonly Statement[],
  isKnown: (full: string) => boolean,
): readonly UnknownName[] {
  const declared = new Set<string>()
  const used = new Map<string, Position>()
  const strict = {on: false}
  visit(file, node => {
    switch (node.type) {
      case 'pragma':
        if (node.name === 'strict') strict.on = node.on
        break
      case 'declare':
        if (node.scope !== 'local') for (const target of node.targets) addName(declared, target)
        break
      case 'foreach':
        if (node.own && node.variable) addName(declared, node.variable)
        break
      case 'ourNames':
        for (const name of node.names) declared.add(name)
        break
      case 'variable': {
        const full = node.sigil + node.name
        if (strict.on && !used.has(full) && !node.name.includes('::')) used.set(full, node.at)
        break
      }
    }
  })
  const unknown = [...used].filter(([full]) => !declared.has(full) && !isKnown(full))
  return unknown.map(([full, at]) => ({full, at}))
}

function addName(names: Set<string>, target: Expr): void {
  if (target.type === 'variable') names.add(target.sigil + target.name)
}

/** The bare names of all variables in a statement. */
export function namesIn(statement: Statement): readonly string[] {
  const names = new Set<string>()
  visit(statement, node => void (node.type === 'variable' && names.add(node.name)))
  return [...names]
}
