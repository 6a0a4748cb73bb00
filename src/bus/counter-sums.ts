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
  value: number | string
  /** whether it is among those to send */
  isWaiting: boolean
}

export class CounterSums {
  readonly #sums = new Map<string, Sum>()
  #waiting: Sum[] = []

  /** Add to a counter whose type goes by its name. */
  count(name: string, increment = 1): void {
    if (!(increment >= 0)) return
    const sum = this.#sums.get(name) ?? this.#begin(name, typeOf(name))
    this.#put(sum, sum.isWaiting ? (sum.value as number) + increment : increment)
  }

  /** Take in variables of any type. */
  add(counters: readonly Counter[]): void {
    for (const {name, type, value} of counters) {
      if (name === 'entropy' || (isAdded(type) && !(Number(value) >= 0))) continue
      const sum = this.#sums.get(name) ?? this.#begin(name, type)
      if (isAdded(type)) this.#put(sum, (sum.isWaiting ? Number(sum.value) : 0) + Number(value))
      else this.#put(sum, typeof value === 'string' ? safeValue(value) : value)
    }
  }

  /** Whether there is anything to take. */
  get pending(): boolean {
    return this.#waiting.length > 0
  }

  /** The frames of what came in since the last call. */
  take(): string[] {
    const waiting = this.#waiting
    this.#waiting = []
    if (this.#sums.size > MOST_NAMES) this.#sums.clear()
    const frames: string[] = []
    for (const sum of waiting) {
      sum.isWaiting = false
      frames.push(sum.start + sum.value)
    }
    return frames
  }

  #begin(name: string, type: CounterType): Sum {
    const sum = {start: `am.snmp ${safeName(name)} ${type} `, value: 0, isWaiting: false}
    this.#sums.set(name, sum)
    return sum
  }

  #put(sum: Sum, value: number | string): void {
    sum.value = value
    if (sum.isWaiting) return
    sum.isWaiting = true
    this.#waiting.push(sum)
  }
}

const WIDE = ['InMsgsSize', 'OutMsgsSize', 'QuarMsgsSize', 'Log'] as const

/** Octets and log entries are 64 bits wide, all else that is counted has 32. */
export function typeOf(name: string): CounterType {
  return WIDE.some(begin => name.startsWith(begin)) ? 'C64' : 'C32'
}

function isAdded(type: CounterType): boolean {
  return type === 'C32' || type === 'C64' || type === 'TIM'
}
