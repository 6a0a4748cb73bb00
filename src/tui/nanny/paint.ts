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
  // each column that is drawn costs, blank ones too
  if (isStale) return theme.faint(plain.trimEnd())
  if (row.gone) return row.start + theme.status.error(row.state) + row.bar
  const paint = theme.state[row.kind]
  if (row.kind === 'idle') return paint(plain.trimEnd())
  const trail = row.trail.trimEnd()
  const bar = paintLetters(trail === '' ? row.bar.trimEnd() : row.bar, theme)
  return row.start + paint(row.state) + bar + (trail === '' ? '' : theme.faint(trail))
}

/** Equal letters together, so that a line needs few colour changes. */
function paintLetters(bar: string, theme: Theme): string {
  return bar.replace(/(\S)\1*>?/g, run => theme.state[meaningOf(run[0]!).kind](run))
}
