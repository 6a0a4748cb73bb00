/**
 * paint — rows with their colours. Pure.
 */
import {meaningOf} from '../children/states.ts'
import type {Theme} from '../theme.ts'
import type {Row} from './rows.ts'

/** A row with its colours; the cursor's is inverse, and data that is no longer true is faint. */
export function paintRow(row: Row, isSelected: boolean, isStale: boolean, theme: Theme): string {
  const plain = row.start + row.state + row.bar + row.trail
  if (isSelected) return theme.selected(plain)
  if (isStale) return theme.faint(plain)
  if (row.gone) return row.start + theme.status.error(row.state) + row.bar
  const paint = theme.state[row.kind]
  if (row.kind === 'idle') return paint(plain)
  return row.start + paint(row.state) + paintLetters(row.bar, theme) + theme.faint(row.trail)
}

/** Equal letters together, so that a line needs few colour changes. */
function paintLetters(bar: string, theme: Theme): string {
  return bar.replace(/(\S)\1*>?/g, run => theme.state[meaningOf(run[0]!).kind](run))
}
