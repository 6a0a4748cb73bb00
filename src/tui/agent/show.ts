/**
 * show — the counters live on the terminal, the responder asked again and again.
 */
import {pause} from '../pause.ts'
import type {TableSource} from '../table/screen.tsx'
import {showTable} from '../table/show.tsx'
import {askCounters} from './answer.ts'
import {startedMs} from './classic.ts'
import {
  COUNTER_COLUMNS,
  type CounterColumn,
  type CounterRow,
  CounterTable,
  counterHeading,
  counterLine,
  selectCounters,
} from './counter-rows.ts'

interface CounterSnapshot {
  readonly nowMs: number
  /** when the responder answered last, Unix ms */
  readonly heardMs: number | undefined
  readonly startedMs: number | undefined
  readonly rows: readonly CounterRow[]
}

/** Resolves when the viewer quits. @throws AmavisError AM_USAGE for an endpoint that is no address */
export async function showAgent(responder: string, waitMs: number): Promise<void> {
  const table = new CounterTable()
  const listeners = new Set<() => void>()
  let snapshot: CounterSnapshot = {nowMs: Date.now(), heardMs: undefined, startedMs: undefined, rows: []}
  const source: TableSource<CounterSnapshot> = {
    name: 'amavis agent',
    columns: COUNTER_COLUMNS,
    staleMs: 2 * waitMs,
    waiting: [
      '',
      `waiting for the snmp-responder at ${responder}`,
      '',
      'Its service ("amavis mc") must run.',
    ],
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    draw({rows, startedMs: started}, {filter, sort, reversed, width}) {
      const column = sort as CounterColumn
      const shown = selectCounters(rows, filter, column, reversed)
      const since = started === undefined ? '' : `, counted since ${new Date(started).toISOString()}`
      return {
        summary: `${shown.length} of ${rows.length} counters${since}, asked every ${waitMs / 1000} s`,
        heading: counterHeading(column, reversed, width),
        rows: shown.map(row => counterLine(row, width)),
      }
    },
  }
  await showTable(source, responder, async signal => {
    do {
      const variables = await askCounters(responder)
      const nowMs = Date.now()
      snapshot = variables
        ? {nowMs, heardMs: nowMs, startedMs: startedMs(variables), rows: table.rows(nowMs, variables)}
        : {...snapshot, nowMs}
      for (const listener of listeners) listener()
    } while (await pause(waitMs, signal))
  })
}
