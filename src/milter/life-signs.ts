/**
 * life-signs — whether the processes of a pool still answer, and what is to be done about one that does not. Pure.
 *
 * A process whose event loop stands still keeps its connections waiting until their MTAs give up. So each is asked
 * now and then; one that is silent gets no more connections, and one that stays silent is killed: its MTAs see their
 * connections closed and their clients come again. Source: spec/milter-control §3.
 */
import type {Occupant} from './slots.ts'

export interface Patience {
  /** ms between two questions */
  readonly askMs: number
  /** ms without an answer, after which it retires, and after which it is killed */
  readonly retireMs: number
  readonly killMs: number
}

/** A large mail may keep a process from answering for some seconds; MTAs wait for their verdict for 300 s. */
export const PATIENCE: Patience = {askMs: 5000, retireMs: 20_000, killMs: 60_000}

export type Remedy = 'ask' | 'retire' | 'kill'

export class LifeSigns {
  readonly #patience: Patience
  /** ms, monotonic: since when an answer is owed, or when the last one came */
  readonly #asked = new WeakMap<Occupant, number>()
  readonly #answered = new WeakMap<Occupant, number>()

  constructor(patience: Patience) {
    this.#patience = patience
  }

  /** What is due at this moment; undefined: nothing. */
  due(occupant: Occupant, now: number): Remedy | undefined {
    const {askMs, retireMs, killMs} = this.#patience
    // One that has not begun yet owes a sign since its birth.
    const askedAt = occupant.phase === 'starting' ? occupant.bornAt : this.#asked.get(occupant)
    if (askedAt === undefined) {
      if (now - (this.#answered.get(occupant) ?? occupant.bornAt) < askMs) return undefined
      this.#asked.set(occupant, now)
      return 'ask'
    }
    const silentMs = now - askedAt
    if (silentMs >= killMs) return 'kill'
    return silentMs >= retireMs && occupant.phase === 'active' ? 'retire' : undefined
  }

  heard(occupant: Occupant, now: number): void {
    this.#asked.delete(occupant)
    this.#answered.set(occupant, now)
  }
}
