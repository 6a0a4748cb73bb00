/**
 * plain — the status display: our summary as text, JSON or the line of a check, or amavisd-status' own display.
 */
import {setTimeout as delay} from 'node:timers/promises'
import {type BusMessage, subscribe} from '../../bus/subscriber.ts'
import {CHILD_PREFIXES, SILENCE_MS, WHOLE_STATE_MS} from '../children/feed.ts'
import type {DisplayOptions} from '../display-options.ts'
import {pause} from '../pause.ts'
import {silenceText} from '../silence.ts'
import {assess} from './assess.ts'
import {checkStatus} from './check.ts'
import {runClassicStatus, type StatusEvent} from './classic-loop.ts'
import type {Place} from './facts.ts'
import {type AskMaster, askAll, feedStatus} from './feed.ts'
import {statusJson} from './json.ts'
import {summaryText} from './text.ts'
import type {Limits} from './thresholds.ts'
import {createStatusWatch, type StatusWatch} from './watch.ts'

export interface StatusOptions extends DisplayOptions {
  readonly places: readonly Place[]
  readonly askMaster: AskMaster
  readonly limits: Limits
  /** judge it, once, as monitoring plugins do */
  readonly check: boolean
}

/** @returns the exit status: 1 when no host says anything */
export async function printStatus(options: StatusOptions): Promise<number> {
  const {places, askMaster, limits, count, waitMs, json, check, stdout, stderr, signal} = options
  const watch = createStatusWatch(places)
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const feeding = feedStatus(watch, places, askMaster, ended)
  const failed = feeding.then(() => undefined)
  try {
    await Promise.race([awaitWhole(watch, ended), failed])
    for (let shown = 0; count === undefined || shown < count; ) {
      await Promise.race([askAll(watch, places, askMaster), failed])
      const {hosts, nowMs} = watch.refresh()
      const assessed = hosts.map(facts => ({facts, assessment: assess(facts, limits)}))
      if (check) {
        const {status, text} = checkStatus(assessed, limits)
        stdout(`${text}\n`)
        return status
      }
      const speaks = hosts.some(({bus, counters, master}) => bus.heardMs !== undefined || counters || master)
      if (!speaks && count !== undefined) {
        stderr(silenceText(places.map(({endpoint}) => endpoint)))
        return 1
      }
      if (json) stdout(`${statusJson(nowMs, assessed)}\n`)
      else {
        const texts = assessed.map(({facts, assessment}) => summaryText(facts, assessment))
        stdout((shown > 0 ? '\n' : '') + texts.join('\n'))
      }
      if (++shown === count || !(await pause(waitMs, signal))) break
    }
    return 0
  } finally {
    stop.abort()
    await feeding
  }
}

const LOOK_MS = 50

/** Wait until every child of every host has had the time to say its state, or a host is taken to be silent. */
async function awaitWhole(watch: StatusWatch, signal: AbortSignal): Promise<void> {
  const startMs = performance.now()
  while (!signal.aborted) {
    const {hosts} = watch.refresh()
    const limitMs = hosts.every(({bus}) => bus.heardMs !== undefined) ? WHOLE_STATE_MS : SILENCE_MS
    if (performance.now() - startMs >= limitMs) return
    await delay(LOOK_MS)
  }
}

/** amavisd-status on these buses. @returns the exit status */
export async function printClassicStatus(
  options: Pick<StatusOptions, 'count' | 'waitMs' | 'stdout' | 'stderr' | 'signal'> & {
    readonly endpoints: readonly string[]
  },
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
