/**
 * language/template — interpolated texts to strings.
 */
import type {CaseMode, Expr, Template} from './ast.ts'
import {textOf} from './convert.ts'
import {listOf, scalarOf} from './evaluate.ts'
import type {Machine} from './machine.ts'

/** The text of a template: lists are joined with a space, undef is empty. */
export function templateText(machine: Machine, template: Template): string {
  let text = ''
  for (const part of template.parts) text += typeof part === 'string' ? part : partText(machine, part)
  return text
}

function partText(machine: Machine, part: Expr | CaseMode): string {
  if (part.type === 'case') return changed(templateText(machine, part.of), part.mode)
  const isList =
    part.type === 'slice' || ((part.type === 'variable' || part.type === 'deref') && part.sigil === '@')
  return isList ? listOf(machine, part).map(textOf).join(' ') : textOf(scalarOf(machine, part))
}

function changed(text: string, mode: CaseMode['mode']): string {
  switch (mode) {
    case 'L':
      return text.toLowerCase()
    case 'U':
      return text.toUpperCase()
    case 'l':
      return text.slice(0, 1).toLowerCase() + text.slice(1)
    case 'u':
      return text.slice(0, 1).toUpperCase() + text.slice(1)
    case 'Q':
      return quoteMeta(text)
  }
}

/** Every character that could mean something in a regular expression, escaped. */
export function quoteMeta(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '\\$&')
}
