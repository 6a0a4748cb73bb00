/**
 * feed — carries what the buses say into the store.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {INCIDENT_PREFIX} from '../../bus/incident.ts'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {listen} from '../../bus/subscriber.ts'
import {TIMING_PREFIX} from './finished.ts'
import type {ChildStore} from './store.ts'

/** What a display of children listens to. */
export const CHILD_PREFIXES: readonly string[] = ['am.st ', 'am.proc.']

/** With what befell them, and their last tasks. */
export const TASK_PREFIXES: readonly string[] = [...CHILD_PREFIXES, INCIDENT_PREFIX, TIMING_PREFIX]

/** Each child repeats its state every 2 s: by then a listener has heard of all of them. */
export const WHOLE_STATE_MS = 2300
/** A bus that has said nothing for so long is taken to be silent. */
export const SILENCE_MS = 3500
const LOOK_MS = 50

/**
 * Fill the store until the signal is aborted.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function feedStore(
  store: ChildStore,
  endpoints: readonly string[],
  signal: AbortSignal,
  prefixes: readonly string[] = CHILD_PREFIXES,
  clock?: ReplayClock,
): Promise<void> {
  await listen(endpoints, prefixes, {signal, clock}, store.put)
}

/**
 * Wait until every child has had the time to say its state.
 * @returns whether anything was heard
 */
export async function awaitWholeState(store: ChildStore, signal: AbortSignal): Promise<boolean> {
  const startMs = performance.now()
  while (!signal.aborted) {
    const heard = store.refresh().table.buses.size > 0
    const waitedMs = performance.now() - startMs
    if (waitedMs >= (heard ? WHOLE_STATE_MS : SILENCE_MS)) return heard
    await sleep(LOOK_MS)
  }
  return false
}
