/**
 * incident-page — what befell the children lately, as their childproc-minder saw it. Pure.
 */
import {elapsedText} from '../children/bar.ts'
import type {BusIncident} from '../children/store.ts'
import {visibleText, visibleToken} from '../visible.ts'
import {clockText} from './header.ts'
import {busLabel} from './rows.ts'

const NONE = ['', 'No incident has been told of: no child went away, none was ended.']

/** Newest first; the bus where there are several. */
export function incidentPage(
  incidents: readonly BusIncident[],
  columns: number,
  manyBuses: boolean,
): readonly string[] {
  if (incidents.length === 0) return NONE
  const bus = (text: string) => (manyBuses ? `${text.slice(0, 16).padEnd(17)}` : '')
  const heading = `${bus('BUS')}TIME           PID  INCIDENT     TASK             ELAPSED  STATES`
  return [
    heading,
    ...incidents.map(({endpoint, timeMs, pid, kind, taskId, ageMs, letters}) =>
      visibleText(
        `${bus(busLabel(endpoint))}${clockText(timeMs)} ${String(pid).padStart(9)}  ${kind.padEnd(12)} ` +
          `${visibleToken(taskId ?? '-', 14).padEnd(14)} ${elapsedText(ageMs).trim().padStart(9)}  ${letters}`,
      ).slice(0, columns),
    ),
  ]
}
