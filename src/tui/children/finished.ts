/**
 * finished — the last tasks of each child, as the TIMING entries on the log channel tell of them.
 *
 * Entries are kept as text and read only when somebody looks: with a thousand busy children nearly none is.
 */
import type {Frame} from '../../bus/grammar.ts'
import {LONGEST_ENTRY, parseTiming, type TimingEntry} from '../timing/timing-text.ts'

/** TIMING is written at level 2, and the prefix has as many stars as 6 - level. */
export const TIMING_PREFIX = 'am.log.**** '

/** Tasks that are remembered of a child. */
const MOST_TASKS = 20
/** Characters of all entries; the children that were silent longest are forgotten first. */
const MOST_CHARACTERS = 8_000_000

export interface FinishedTask {
  /** when its entry was written, Unix ms */
  readonly atMs: number
  readonly entry: TimingEntry
}

export class FinishedTasks {
  #characters = 0
  readonly #texts = new Map<string, {readonly atMs: number; readonly text: string}[]>()

  /** Take a log frame; anything but a TIMING entry is left out. */
  add(key: string, frame: Frame & {kind: 'log'}): void {
    const {text, timeMs} = frame
    if (text.length > LONGEST_ENTRY || !text.includes('TIMING [')) return
    const tasks = this.#texts.get(key) ?? []
    tasks.push({atMs: timeMs, text})
    this.#characters += text.length
    if (tasks.length > MOST_TASKS) this.#characters -= tasks.shift()!.text.length
    // a map keeps the order of insertion: the first is the one that was silent longest
    this.#texts.delete(key)
    this.#texts.set(key, tasks)
    for (const [silent, texts] of this.#texts) {
      if (this.#characters <= MOST_CHARACTERS) return
      this.#texts.delete(silent)
      for (const {text: forgotten} of texts) this.#characters -= forgotten.length
    }
  }

  /** Newest first. */
  of(key: string): readonly FinishedTask[] {
    const tasks = (this.#texts.get(key) ?? []).flatMap(({atMs, text}): FinishedTask[] => {
      const entry = parseTiming(text)
      return entry ? [{atMs, entry}] : []
    })
    return tasks.reverse()
  }
}
