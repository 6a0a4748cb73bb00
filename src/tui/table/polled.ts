/**
 * polled — a source of a table that is asked again and again.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {TableSource} from './screen.tsx'
import {showTable} from './show.tsx'

const PERIOD_MS = 1000
const STALE_MS = 5000

export interface Polled {
  readonly nowMs: number
  /** when it last answered; undefined: never yet */
  readonly heardMs: number | undefined
}

/**
 * Resolves when the viewer quits.
 * @param first what there is before it was asked
 * @param ask what there is after `before`
 */
export async function showPolled<Snapshot extends Polled>(
  {
    title,
    ...shown
  }: Pick<TableSource<Snapshot>, 'name' | 'columns' | 'waiting' | 'draw'> & {
    readonly title: string
  },
  first: Snapshot,
  ask: (before: Snapshot) => Promise<Snapshot>,
): Promise<void> {
  let snapshot = first
  const listeners = new Set<() => void>()
  const source: TableSource<Snapshot> = {
    ...shown,
    staleMs: STALE_MS,
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  await showTable(source, title, async signal => {
    while (!signal.aborted) {
      snapshot = await ask(snapshot)
      for (const listener of listeners) listener()
      await sleep(PERIOD_MS, undefined, {signal}).catch(() => {})
    }
  })
}
