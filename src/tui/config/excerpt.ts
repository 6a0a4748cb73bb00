/**
 * tui/config/excerpt — a line of a file with a mark below what is meant.
 *
 *      |
 *   12 | $max_servrs = 4;
 *      | ^^^^^^^^^^^
 */
import type {Position} from '../../config/problem.ts'
import type {Paint} from '../theme.ts'
import {visible} from './lines.ts'

const TOKEN = /^(?:[$@%&]?[A-Za-z_][\w:]*|\d[\w.]*|.)/s

export interface ExcerptStyle {
  readonly faint: Paint
  readonly mark: Paint
  readonly columns: number
}

/** @param line the line's octets as Latin-1 */
export function excerpt({line: number, column: given}: Position, line: string, style: ExcerptStyle): string {
  // of an entry only the line is known: its first word is meant
  const column = given === 1 ? 1 + Math.max(0, line.search(/\S/)) : given
  const gutter = `${number}`
  const blank = ' '.repeat(gutter.length)
  const before = visible(line.slice(0, column - 1))
  const token = visible(TOKEN.exec(line.slice(column - 1))?.[0] ?? ' ')
  const whole = visible(line)
  const room = style.columns - gutter.length - 4
  const {text, shift} = cut(whole, before.length, token.length, room)
  const mark = '^'.repeat(Math.max(1, Math.min(token.length, text.length - (before.length - shift))))
  const bar = style.faint('|')
  return [
    ` ${blank} ${bar}`,
    ` ${style.faint(gutter)} ${bar} ${text}`.trimEnd(),
    ` ${blank} ${bar} ${' '.repeat(before.length - shift)}${style.mark(mark)}`,
  ].join('\n')
}

/** The part of a long line around the mark; `shift`: how far it moved to the left. */
function cut(text: string, from: number, length: number, room: number): {text: string; shift: number} {
  if (text.length <= room) return {text, shift: 0}
  const wanted = Math.min(length, Math.floor(room / 2))
  const start = from + wanted + 1 <= room ? 0 : from - Math.floor((room - wanted) / 2)
  const left = start > 0 ? '…' : ''
  const shown = text.slice(start + left.length, start + room)
  const more = start + room < text.length
  return {text: left + (more ? `${shown.slice(0, -1)}…` : shown), shift: start}
}
