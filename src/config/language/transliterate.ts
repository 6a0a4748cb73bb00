/**
 * language/transliterate — `tr/a-z/A-Z/`: characters replaced by those at the same place of another list.
 */
import {configError, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import type {Expr, Transliteration} from './ast.ts'
import {textOf} from './convert.ts'
import {countText, type Machine} from './machine.ts'
import {placeOf} from './place.ts'

/** Carry one out: how many characters were found, or with `/r` the new text. */
export function transliterated(machine: Machine, expr: Transliteration): Scalar {
  const target: Expr = expr.target ?? {type: 'variable', sigil: '$', name: '_', at: expr.at}
  const place = placeOf(machine, target)
  const before = textOf(place.get())
  countText(machine, before.length, expr.at)
  const {text, count} = translated(before, expr)
  if (expr.flags.includes('r')) return text
  if (text !== before) place.set(text)
  return expr.negate ? (count === 0 ? 1 : '') : count
}

function translated(text: string, {from, to, flags, at}: Transliteration): {text: string; count: number} {
  const listed = expanded(from, at)
  const others = flags.includes('c')
  const deletes = flags.includes('d')
  const given = expanded(to, at)
  const fresh = given.length === 0 && !deletes ? (others ? undefined : listed) : given
  let out = ''
  let count = 0
  let last: string | undefined
  for (const char of text) {
    const index = listed.indexOf(char)
    if (index >= 0 === others) {
      out += char
      last = undefined
      continue
    }
    count++
    const place = others ? Number.POSITIVE_INFINITY : index
    const put = fresh === undefined ? char : (fresh[place] ?? (deletes ? '' : (fresh.at(-1) ?? char)))
    if (!(flags.includes('s') && put === last)) out += put
    last = put
  }
  return {text: out, count}
}

/** A list with its ranges written out. */
function expanded(list: string, at: Position): readonly string[] {
  const chars: string[] = []
  for (const [, escaped, first, last] of list.matchAll(/\\(-|\\)|(.)(?:-(.))?/gsu)) {
    if (escaped !== undefined) chars.push(escaped)
    else if (last === undefined) chars.push(first!)
    else {
      const [low, high] = [first!.codePointAt(0)!, last.codePointAt(0)!]
      if (low > high) throw configError(at, `tr: "${first}-${last}" is no range`)
      for (let code = low; code <= high && chars.length < 0x10000; code++)
        chars.push(String.fromCodePoint(code))
    }
  }
  return chars
}
