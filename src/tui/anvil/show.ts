/**
 * show — the counting server's clients live on the terminal.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {AnvilState} from '../../anvil/control.ts'
import type {TableSource} from '../table/screen.tsx'
import {showTable} from '../table/show.tsx'
import {
  ANVIL_COLUMNS,
  type AnvilColumn,
  anvilHeading,
  anvilLine,
  anvilSummary,
  selectClients,
} from './plain.ts'

const PERIOD_MS = 1000
const STALE_MS = 5000

interface AnvilSnapshot {
  readonly nowMs: number
  readonly heardMs: number | undefined
  readonly state: AnvilState | undefined
}

/** Resolves when the viewer quits. */
export async function showAnvil(ask: () => Promise<AnvilState | undefined>, socket: string): Promise<void> {
  let snapshot: AnvilSnapshot = {nowMs: Date.now(), heardMs: undefined, state: undefined}
  const listeners = new Set<() => void>()
  const source: TableSource<AnvilSnapshot> = {
    name: 'amavis anvil',
    columns: ANVIL_COLUMNS,
    staleMs: STALE_MS,
    waiting: ['', 'waiting for the server to answer; "amavis anvil start" starts it'],
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    draw({state}, {filter, sort, reversed, width}) {
      const column = sort as AnvilColumn
      return {
        summary: state ? anvilSummary(state) : '',
        heading: anvilHeading(column, reversed, width),
        rows: state
          ? selectClients(state.clients, filter, column, reversed).map(client => anvilLine(client, width))
          : [],
      }
    },
  }
  await showTable(source, socket, async signal => {
    while (!signal.aborted) {
      const state = await ask()
      const nowMs = Date.now()
      snapshot = state ? {nowMs, heardMs: nowMs, state} : {...snapshot, nowMs}
      for (const listener of listeners) listener()
      await sleep(PERIOD_MS, undefined, {signal}).catch(() => {})
    }
  })
}
