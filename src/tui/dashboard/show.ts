/**
 * show — the dashboard live on the terminal, or its figures as text.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {listen} from '../../bus/subscriber.ts'
import type {DisplayOptions} from '../display-options.ts'
import {pause} from '../pause.ts'
import {feedReplayed} from '../replay/control.ts'
import {silenceText} from '../silence.ts'
import {keepSmallHeap} from '../small-heap.ts'
import {dashboardJson, dashboardText} from './report.ts'
import {DASHBOARD_PREFIXES, DashboardStore} from './store.ts'

/** Resolves when the viewer quits, or SIGTERM or SIGHUP arrives; the terminal is as before then. */
export async function showDashboard(endpoints: readonly string[], clock?: ReplayClock): Promise<void> {
  // box characters, which terminals in UTF-8 have, instead of the letters of another character set
  process.env['NCURSES_NO_UTF8_ACS'] = '1'
  const {openDashboard} = await import('./screen.ts')
  const store = new DashboardStore(clock?.now)
  const stop = new AbortController()
  keepSmallHeap(stop.signal)
  const dashboard = openDashboard({store, clock, environment: process.env})
  const signals = ['SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, dashboard.leave)
  const feeding = feed(store, endpoints, stop.signal, clock).finally(dashboard.leave)
  await dashboard.left
  for (const name of signals) process.off(name, dashboard.leave)
  stop.abort()
  await feeding
}

function feed(
  store: DashboardStore,
  endpoints: readonly string[],
  signal: AbortSignal,
  clock: ReplayClock | undefined,
): Promise<void> {
  return feedReplayed(
    clock,
    signal,
    () => store.clear(),
    until =>
      listen(endpoints, DASHBOARD_PREFIXES, {signal: until, clock}, (endpoint, frames, atMs) =>
        store.put(endpoint, frames, atMs),
      ),
  )
}

export interface PrintOptions extends DisplayOptions {
  readonly endpoints: readonly string[]
}

/** @returns the exit status: 1 when no bus says anything */
export async function printDashboard(options: PrintOptions): Promise<number> {
  const {endpoints, count, waitMs, json, stdout, stderr} = options
  const store = new DashboardStore()
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const feeding = feed(store, endpoints, signal, undefined)
  const failed = feeding.then(() => false)
  const ticking = setInterval(() => store.tick(), 1000)
  try {
    for (let shown = 0; count === undefined || shown < count; shown++) {
      if (!(await Promise.race([pause(waitMs, signal), failed]))) break
      store.tick()
      if (store.heardMs === undefined) {
        stderr(silenceText(endpoints))
        return 1
      }
      stdout(json ? `${dashboardJson(store)}\n` : dashboardText(store))
    }
  } finally {
    clearInterval(ticking)
    stop.abort()
    await feeding
  }
  return 0
}
