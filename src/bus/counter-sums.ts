/**
 * counter-sums — the counters of several mails as one set of frames.
 *
 * Receivers add the increments of C32, C64 and TIM variables and replace the values of all others
 * (spec/monitoring §1.4), so increments that are sent together may as well be added here: what a
 * receiver knows afterwards is the same, and a busy child sends a fraction of the frames. Not sent, as
 * in the original: the name `entropy` and negative increments.
 */
import {safeName, safeValue} from './grammar.ts'
import type {Counter, CounterType} from './publisher.ts'

/** Names whose frame beginnings are remembered: mail can make up new ones (`virus.byname.…`). */
const MOST_NAMES = 1000

interface Sum {
  /** `am.snmp NAME TYPE ` */
  readonly start: string
  readonly adds: boolean
  /** undefined: nothing to send */
  value: number | string | undefined
}

export class CounterSums {
  readonly #sums = new Map<string, Sum>()
  #pending = false

  /** Take in the counters of one mail. */
  add(counters: readonly Counter[]): void {
    for (const {name, type, value} of counters) {
      if (name === 'entropy') continue
      const adds = isAdded(type)
      if (adds && !(Number(value) >= 0)) continue
      let sum = this.#sums.get(name)
      if (sum === undefined) {
        sum = {start: `am.snmp ${safeName(name)} ${type} `, adds, value: undefined}
        this.#sums.set(name, sum)
      }
      if (sum.adds) sum.value = ((sum.value as number | undefined) ?? 0) + Number(value)
      else sum.value = typeof value === 'string' ? safeValue(value) : value
      this.#pending = true
    }
  }

  /** Whether there is anything to take. */
  get pending(): boolean {
    return this.#pending
  }

  /** The frames of what came in since the last call. */
  take(): string[] {
    const frames: string[] = []
    for (const sum of this.#sums.values()) {
      if (sum.value === undefined) continue
      frames.push(sum.start + sum.value)
      sum.value = undefined
    }
    if (this.#sums.size > MOST_NAMES) this.#sums.clear()
    this.#pending = false
    return frames
  }
}

function isAdded(type: CounterType): boolean {
  return type === 'C32' || type === 'C64' || type === 'TIM'
}
