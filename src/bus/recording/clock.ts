/**
 * clock — the moment of a recording that is shown: it goes on at a speed, stands still, and can be set.
 *
 * A view of a recording lives in the recorded time: whatever asks for the time asks this clock, and so the ages
 * that it shows are the ages of then, at any speed. It ends where the recording ends, and stands there.
 */
import {setTimeout as sleep} from 'node:timers/promises'

const LONGEST_SLEEP_MS = 60_000
export const SLOWEST = 0.01
export const FASTEST = 1000

export interface ClockOptions {
  /** first and last moment of what was recorded, Unix ms */
  readonly startMs: number
  readonly endMs: number
  /** shown first; `startMs` if left out */
  readonly atMs?: number
  /** seconds of the recording in a second */
  readonly speed?: number
  /** our own time */
  readonly now?: () => number
}

export class ReplayClock {
  readonly startMs: number
  readonly endMs: number
  readonly #now: () => number
  readonly #changed = new EventTarget()
  #atMs: number
  #sinceMs: number
  #speed: number
  #paused = false
  #jump = new AbortController()

  constructor({startMs, endMs, atMs = startMs, speed = 1, now = Date.now}: ClockOptions) {
    this.startMs = startMs
    this.endMs = endMs
    this.#now = now
    this.#atMs = Math.max(startMs, Math.min(endMs, atMs))
    this.#sinceMs = now()
    this.#speed = speed
  }

  /** The moment that is shown, Unix ms; may be handed on as a function. */
  readonly now = (): number => {
    const gone = this.#paused ? 0 : (this.#now() - this.#sinceMs) * this.#speed
    return Math.min(this.endMs, this.#atMs + Math.max(0, gone))
  }

  get speed(): number {
    return this.#speed
  }

  get paused(): boolean {
    return this.#paused
  }

  get ended(): boolean {
    return this.now() >= this.endMs
  }

  /** Aborted by the next jump: what was heard up to then is not what was before the new moment. */
  get untilJump(): AbortSignal {
    return this.#jump.signal
  }

  seek(toMs: number): void {
    this.#set(Math.max(this.startMs, Math.min(this.endMs, toMs)))
    const before = this.#jump
    this.#jump = new AbortController()
    before.abort()
  }

  setSpeed(speed: number): void {
    this.#set(this.now())
    this.#speed = Math.max(SLOWEST, Math.min(FASTEST, speed))
  }

  setPaused(paused: boolean): void {
    this.#set(this.now())
    this.#paused = paused
  }

  /** Fulfilled when the moment has come, with false when the signal was aborted before. */
  async reached(ms: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && this.now() < ms) {
      const woken = new AbortController()
      const wake = () => woken.abort()
      this.#changed.addEventListener('change', wake)
      signal.addEventListener('abort', wake)
      const waitMs = this.#paused ? LONGEST_SLEEP_MS : Math.ceil((ms - this.now()) / this.#speed)
      await sleep(Math.min(waitMs, LONGEST_SLEEP_MS), undefined, {signal: woken.signal}).catch(() => {})
      this.#changed.removeEventListener('change', wake)
      signal.removeEventListener('abort', wake)
    }
    return !signal.aborted
  }

  /** From here on, this moment. */
  #set(atMs: number): void {
    this.#atMs = atMs
    this.#sinceMs = this.#now()
    queueMicrotask(() => this.#changed.dispatchEvent(new Event('change')))
  }
}
