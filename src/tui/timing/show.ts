/**
 * show — the timing table live on the terminal.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {SILENCE_MS} from '../children/feed.ts'
import {busLabel} from '../nanny/rows.ts'
import {feedReplayed} from '../replay/control.ts'
import type {TableSource} from '../table/screen.tsx'
import {showTable} from '../table/show.tsx'
import {
  sectionLine,
  selectSections,
  TIMING_COLUMNS,
  type TimingColumn,
  type TimingSnapshot,
  tasksLine,
  timingHeading,
} from './report.ts'
import {createTimingStore, feedTimings, type TimingStore} from './store.ts'

/** Resolves when the viewer quits. @throws AmavisError AM_USAGE for an endpoint that is no address */
export async function showTiming(endpoints: readonly string[], clock?: ReplayClock): Promise<void> {
  const store = createTimingStore(clock?.now)
  const title = endpoints.map(busLabel).join(' ')
  const feed = (signal: AbortSignal) =>
    feedReplayed(clock, signal, store.clear, until => feedTimings(store, endpoints, until, clock))
  await showTable(timingSource(store, title), title, feed, {clock})
}

function timingSource(store: TimingStore, title: string): TableSource<TimingSnapshot> {
  return {
    name: 'amavis timing',
    columns: TIMING_COLUMNS,
    staleMs: SILENCE_MS,
    waiting: ['', `waiting for the bus at ${title}`],
    getSnapshot: store.getSnapshot,
    subscribe: store.subscribe,
    draw({tasks, sections, watchedMs}, {filter, sort, reversed}) {
      const column = sort as TimingColumn
      const shown = selectSections(sections, filter, column, reversed)
      return {
        summary: `${tasks?.count ?? 0} tasks in ${Math.round(watchedMs / 1000)} s, times in ms; quantiles of the last 1000`,
        heading: timingHeading(column, reversed),
        rows: [...(tasks ? [tasksLine(tasks)] : ['  no task has ended yet']), ...shown.map(sectionLine)],
      }
    },
  }
}
