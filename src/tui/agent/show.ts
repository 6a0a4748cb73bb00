/**
 * show — the counters live on the terminal, the responder asked again and again.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {busLabel} from '../nanny/rows.ts'
import {pause} from '../pause.ts'
import {feedReplayed} from '../replay/control.ts'
import type {TableSource} from '../table/screen.tsx'
import {showTable} from '../table/show.tsx'
import {Responders} from './answer.ts'
import {startedMs} from './classic.ts'
import {
  COUNTER_COLUMNS,
  type CounterColumn,
  type CounterRow,
  CounterTable,
  counterHeading,
  counterLines,
  selectCounters,
} from './counter-rows.ts'

interface CounterSnapshot {
  readonly nowMs: number
  /** when the responder answered last, Unix ms */
  readonly heardMs: number | undefined
  readonly startedMs: number | undefined
  readonly rows: readonly CounterRow[]
  /** responders that did not answer this time */
  readonly silent: readonly string[]
}

/** Resolves when the viewer quits. @throws AmavisError AM_USAGE for an endpoint that is no address */
export async function showAgent(
  responders: readonly string[],
  waitMs: number,
  {clock, filter}: {readonly clock?: ReplayClock | undefined; readonly filter?: string | undefined} = {},
): Promise<void> {
  const now = clock?.now ?? Date.now
  const asked = new Responders(responders, clock)
  const title = responders.map(busLabel).join(' ')
  let table = new CounterTable()
  let epoch = ''
  const listeners = new Set<() => void>()
  let snapshot: CounterSnapshot = {
    nowMs: now(),
    heardMs: undefined,
    startedMs: undefined,
    rows: [],
    silent: [],
  }
  const source: TableSource<CounterSnapshot> = {
    name: 'amavis agent',
    columns: COUNTER_COLUMNS,
    staleMs: 2 * waitMs,
    waiting: ['', `waiting for the snmp-responder at ${title}`, '', 'Its service ("amavis mc") must run.'],
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    draw({rows, startedMs: started, silent}, {filter, sort, reversed, width}) {
      const column = sort as CounterColumn
      const shown = selectCounters(rows, filter, column, reversed)
      const since = started === undefined ? '' : `, counted since ${new Date(started).toISOString()}`
      const missing = silent.length === 0 ? '' : `NO ANSWER from ${silent.join(' ')}; `
      return {
        summary: `${missing}${shown.length} of ${rows.length} counters${since}, asked every ${waitMs / 1000} s`,
        heading: counterHeading(column, reversed, width),
        rows: counterLines(shown, column, width),
      }
    },
  }
  const feed = async (signal: AbortSignal) => {
    do {
      const answers = await asked.ask()
      const {variables, silent} = answers
      const nowMs = now()
      if (answers.epoch !== epoch) table = new CounterTable()
      epoch = answers.epoch
      snapshot =
        variables && silent.length < responders.length
          ? {
              nowMs,
              heardMs: nowMs,
              startedMs: startedMs(variables),
              rows: table.rows(nowMs, variables),
              silent,
            }
          : {...snapshot, nowMs, silent}
      for (const listener of listeners) listener()
    } while (await pause(waitMs, signal))
  }
  const clear = () => {
    table = new CounterTable()
  }
  await showTable(source, title, signal => feedReplayed(clock, signal, clear, feed), {clock, filter})
}
