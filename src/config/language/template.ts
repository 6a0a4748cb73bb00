/**
 * language/template — interpolated texts to strings.
 */
import type {CaseMode, Expr, Template} from './ast.ts'
import {textOf} from './convert.ts'
import {listOf, scalarOf} from './evaluate.ts'
import {countText, type Machine} from './machine.ts'

/** The text of a template: lists are joined with a space, undef is empty. */
export function templateText(machine: Machine, template: Template): string {
  let text = ''
  for (const part of template.parts) text += typeof part === 'string' ? part : partText(machine, part)
  countText(machine, text.length, template.at)
  return text
}

function partText(machine: Machine, part: Expr | CaseMode): string {
  if (part.type === 'case') {
    const text = templateText(machine, part.of)
    // one within another doubles what each makes
    countText(machine, text.length * 8, part.of.at)
    return changed(text, part.mode)
  }
  const isList =
    part.type === 'slice' || ((part.type === 'variable' || part.type === 'deref') && part.sigil === '@')
  return isList ? joinedText(machine, part) : textOf(scalarOf(machine, part))
}

/** Elements with `$"` between them. */
function joinedText(machine: Machine, of: Expr): string {
  const items = listOf(machine, of).map(textOf)
  const separator = machine.specials.get('$"')
  const between = separator?.kind === 'scalar' ? textOf(separator.value) : ' '
  countText(
    machine,
    items.reduce((sum, item) => sum + item.length + between.length, 0),
    of.at,
  )
  return items.join(between)
}

function changed(text: string, mode: CaseMode['mode']): string {
  switch (mode) {
    case 'L':
      return lowerCase(text)
    case 'U':
      return upperCase(text)
    case 'l':
      return lowerCase(text.slice(0, 1)) + text.slice(1)
    case 'u':
      return upperCase(text.slice(0, 1)) + text.slice(1)
    case 'Q':
      return quoteMeta(text)
  }
}

/** Of octets only the letters of ASCII have cases: the others are parts of characters. */
export function lowerCase(text: string): string {
  return isOctets(text) ? text.replace(/[A-Z]+/g, letters => letters.toLowerCase()) : text.toLowerCase()
}

export function upperCase(text: string): string {
  return isOctets(text) ? text.replace(/[a-z]+/g, letters => letters.toUpperCase()) : text.toUpperCase()
}

function isOctets(text: string): boolean {
  return /^[\x00-\xff]*$/.test(text)
}

/** Every character that could mean something in a regular expression, escaped. */
export function quoteMeta(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '\\$&')
}
