/**
 * answer — the counters of one or several responders, asked for again at each display.
 *
 * Of several hosts counters are added. One that answers no more counts with its last answer: the sums of the
 * others go on, and the view says who is silent.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {ask} from '../../bus/subscriber.ts'
import {AmavisError} from '../../errors.ts'
import {isNumeric, startedMs, type Variable, type Variables} from './classic.ts'
import {variablesOf} from './text.ts'

const TIMEOUT_MS = 2000

/**
 * The counters; undefined when no answer comes within two seconds.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function askCounters(responder: string, clock?: ReplayClock): Promise<Variables | undefined> {
  try {
    return variablesOf(await ask(responder, 'am.snmp?', {timeoutMs: TIMEOUT_MS, clock}))
  } catch (error) {
    if (error instanceof AmavisError && error.code === 'AM_TIMEOUT') return undefined
    throw error
  }
}

export interface Answers {
  /** undefined: nobody has ever answered */
  readonly variables: Variables | undefined
  /** responders that did not answer this time */
  readonly silent: readonly string[]
  /** changes when one of the daemons was started anew, or a responder answers for the first time */
  readonly epoch: string
}

export class Responders {
  readonly #endpoints: readonly string[]
  readonly #clock: ReplayClock | undefined
  readonly #last = new Map<string, Variables>()

  /** @param clock of recordings that stand for responders */
  constructor(endpoints: readonly string[], clock?: ReplayClock) {
    this.#endpoints = endpoints
    this.#clock = clock
  }

  get size(): number {
    return this.#endpoints.length
  }

  /** Ask all of them at once. @throws AmavisError AM_USAGE for an endpoint that is no address */
  async ask(): Promise<Answers> {
    const answers = await Promise.all(
      this.#endpoints.map(async endpoint => [endpoint, await askCounters(endpoint, this.#clock)] as const),
    )
    for (const [endpoint, variables] of answers) if (variables) this.#last.set(endpoint, variables)
    const known = [...this.#last.values()]
    return {
      variables: known.length > 0 ? sumVariables(known) : undefined,
      silent: answers.flatMap(([endpoint, variables]) => (variables ? [] : [endpoint])),
      epoch: [...this.#last].map(([endpoint, variables]) => `${endpoint} ${startedMs(variables)}`).join(),
    }
  }
}

/** Counters and gauges added, the earliest start; a text that is not the same everywhere has all of them. */
export function sumVariables(all: readonly Variables[]): Variables {
  const [first, ...others] = all
  if (first === undefined) return new Map()
  if (others.length === 0) return first
  const sum = new Map(first)
  for (const variables of others) {
    for (const [name, variable] of variables) {
      const before = sum.get(name)
      sum.set(name, before ? together(name, before, variable) : variable)
    }
  }
  return sum
}

function together(name: string, a: Variable, b: Variable): Variable {
  const [left, right] = [Number(a.value) || 0, Number(b.value) || 0]
  if (name === 'sysUpTime') return {...a, value: String(Math.min(left, right))}
  if (/^[CG]\d\d$/.test(a.type)) return {...a, value: String(left + right)}
  if (isNumeric(a.type) || a.value === b.value) return a
  return {...a, value: `${a.value}; ${b.value}`}
}
