/**
 * peaks — the highest numbers since the last report, and whose they were (spec/anvil §6). Pure.
 */
import {timestamp} from '../log/line.ts'
import type {ClientCounts} from './table.ts'

interface Peak {
  readonly value: number
  readonly ident: string
  /** ms since the epoch */
  readonly at: number
}

/** In the order of the report, with the words of each. */
const KINDS: readonly (readonly [kind: keyof ClientCounts, words: string])[] = [
  ['rate', 'connection rate'],
  ['count', 'connection count'],
  ['mail', 'message rate'],
  ['rcpt', 'recipient rate'],
  ['newtls', 'newtls rate'],
  ['auth', 'auth rate'],
  ['tlstr', 'tlstrace rate'],
]

export class Peaks {
  readonly #now: () => number
  readonly #peaks = new Map<keyof ClientCounts, Peak>()
  #size: {readonly value: number; readonly at: number} | undefined

  /** @param now ms since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  note(kind: keyof ClientCounts, value: number, ident: string): void {
    if (value > (this.#peaks.get(kind)?.value ?? 0)) this.#peaks.set(kind, {value, ident, at: this.#now()})
  }

  /** Clients remembered, when one is added. */
  noteSize(value: number): void {
    if (value > (this.#size?.value ?? 0)) this.#size = {value, at: this.#now()}
  }

  /**
   * The lines of a report; everything begins anew.
   * @param unit seconds
   */
  report(unit: number): string[] {
    const lines = KINDS.flatMap(([kind, words]) => {
      const peak = this.#peaks.get(kind)
      if (!peak) return []
      const value = kind === 'count' ? String(peak.value) : `${peak.value}/${unit}s`
      return [`statistics: max ${words} ${value} for (${peak.ident}) at ${timestamp(new Date(peak.at))}`]
    })
    if (this.#size)
      lines.push(`statistics: max cache size ${this.#size.value} at ${timestamp(new Date(this.#size.at))}`)
    this.#peaks.clear()
    this.#size = undefined
    return lines
  }
}
