/**
 * answer — the variables that a request of the master agent gets, by RFC 2741 §7.2.3.
 *
 * Which objects there are never changes; their values are fetched when they are asked for. A part whose values
 * cannot be had has no instances, so that a walk passes over it and a graph shows a gap instead of a 0.
 */
import type {SearchRange} from './agentx-stream.ts'
import type {Instance, Instances} from './instances.ts'
import type {Part} from './objects.ts'
import type {Oid} from './oid.ts'
import {type SnmpValue, snmpValue} from './value.ts'

export type Answered =
  | {readonly oid: Oid; readonly kind: 'value'; readonly value: SnmpValue}
  | {readonly oid: Oid; readonly kind: 'no such object' | 'no such instance' | 'end of MIB view'}

/** The variables of a part by name; undefined: they cannot be had now. */
export type Values = (part: Part) => Promise<ReadonlyMap<string, string> | undefined>

export class Answerer {
  readonly #instances: Instances
  readonly #values: Values
  readonly #now: () => number

  constructor(instances: Instances, values: Values, now: () => number = Date.now) {
    this.#instances = instances
    this.#values = values
    this.#now = now
  }

  async get(ranges: readonly SearchRange[]): Promise<readonly Answered[]> {
    const answers: Answered[] = []
    for (const {start} of ranges) {
      const found = this.#instances.find(start)
      if (found === undefined) answers.push({oid: start, kind: 'no such object'})
      else if (found === 'object') answers.push({oid: start, kind: 'no such instance'})
      else answers.push((await this.#read(found)) ?? {oid: start, kind: 'no such instance'})
    }
    return answers
  }

  async getNext(ranges: readonly SearchRange[]): Promise<readonly Answered[]> {
    const answers: Answered[] = []
    for (const range of ranges) answers.push(await this.#next(range))
    return answers
  }

  /** Ends early when all have come to an end (RFC 2741 §7.2.3.3 allows fewer repetitions). */
  async getBulk(
    ranges: readonly SearchRange[],
    {nonRepeaters, maxRepetitions}: {readonly nonRepeaters: number; readonly maxRepetitions: number},
  ): Promise<readonly Answered[]> {
    const answers = [...(await this.getNext(ranges.slice(0, nonRepeaters)))]
    let repeaters = ranges.slice(nonRepeaters)
    for (let n = 0; n < maxRepetitions && repeaters.length > 0; n++) {
      const row = await this.getNext(repeaters)
      answers.push(...row)
      if (row.every(({kind}) => kind === 'end of MIB view')) break
      repeaters = repeaters.map(({end}, i) => ({start: row[i]!.oid, include: false, end}))
    }
    return answers
  }

  async #next({start, include, end}: SearchRange): Promise<Answered> {
    for (const instance of this.#instances.after(start, include, end)) {
      const answered = await this.#read(instance)
      if (answered) return answered
    }
    return {oid: start, kind: 'end of MIB view'}
  }

  async #read({oid, object}: Instance): Promise<Answered | undefined> {
    const values = await this.#values(object.part)
    if (!values) return undefined
    return {oid, kind: 'value', value: snmpValue(object, values.get(object.variable), this.#now())}
  }
}
