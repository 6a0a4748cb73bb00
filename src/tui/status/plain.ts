/**
 * plain — the status display: our summary as text or JSON, or amavisd-status' own display.
 */
import {setTimeout as delay} from 'node:timers/promises'
import {type BusMessage, subscribe} from '../../bus/subscriber.ts'
import {askCounters} from '../agent/answer.ts'
import {awaitWholeState, CHILD_PREFIXES, feedStore} from '../children/feed.ts'
import {createChildStore} from '../children/store.ts'
import {pause} from '../pause.ts'
import {silenceText} from '../silence.ts'
import {checkSummary, type Limits} from './check.ts'
import {runClassicStatus, type StatusEvent} from './classic-loop.ts'
import {summarize, summaryJson, summaryText, type WaitingLine} from './summary.ts'

export interface StatusOptions {
  readonly endpoints: readonly string[]
  readonly responder: string
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  readonly waitMs: number
  readonly json: boolean
  /** judge it, once, by these thresholds */
  readonly check?: Limits | undefined
  /** asks the master, where it can be asked */
  readonly waitingLine: () => Promise<WaitingLine | undefined>
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}

/** @returns the exit status: 1 when neither a bus nor the responder says anything */
export async function printStatus(options: StatusOptions): Promise<number> {
  const {endpoints, responder, count, waitMs, json, stdout, stderr, signal} = options
  const store = createChildStore()
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const feeding = feedStore(store, endpoints, ended)
  try {
    const heard = await Promise.race([awaitWholeState(store, ended), feeding.then(() => false)])
    for (let shown = 0; count === undefined || shown < count; ) {
      const variables = await askCounters(responder)
      if (!heard && variables === undefined && !options.check && count !== undefined) {
        stderr(silenceText(endpoints))
        return 1
      }
      const summary = summarize(store.refresh(), endpoints, responder, variables, await options.waitingLine())
      if (options.check) {
        const {status, text} = checkSummary(summary, options.check)
        stdout(`${text}\n`)
        return status
      }
      if (json) stdout(`${summaryJson(summary)}\n`)
      else stdout((shown > 0 ? '\n' : '') + summaryText(summary))
      if (++shown === count || !(await pause(waitMs, signal))) break
    }
    return 0
  } finally {
    stop.abort()
    await feeding
  }
}

/** amavisd-status on these buses. @returns the exit status */
export async function printClassicStatus(
  options: Pick<StatusOptions, 'endpoints' | 'count' | 'waitMs' | 'stdout' | 'stderr' | 'signal'>,
): Promise<number> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const messages = subscribe(options.endpoints, CHILD_PREFIXES, {signal})
  try {
    return await runClassicStatus({
      count: options.count,
      waitMs: options.waitMs,
      next: eventsOf(messages),
      heading: options.stdout,
      lines: options.stderr,
      now: Date.now,
    })
  } finally {
    stop.abort()
    await messages.return(undefined)
  }
}

/** Messages with a time limit; one that comes after it is the next event. */
function eventsOf(messages: AsyncGenerator<BusMessage>): (timeoutMs: number) => Promise<StatusEvent> {
  let pending: Promise<IteratorResult<BusMessage>> | undefined
  return async timeoutMs => {
    pending ??= messages.next()
    const timer = new AbortController()
    const timeout = delay(timeoutMs, undefined, {signal: timer.signal}).catch(() => undefined)
    const result = await Promise.race([pending, timeout])
    timer.abort()
    if (result === undefined) return {kind: 'timeout'}
    pending = undefined
    return result.done ? {kind: 'end'} : {kind: 'message', frames: result.value.frames}
  }
}
