/**
 * pool — which child gets the next connection, and when to make or end one.
 *
 * Policy only: it knows counts and states of children by their numbers, and calls nothing. Whoever owns
 * the processes tells it what happened and then does what `due` says; the same answer comes until it is done.
 *
 * - The child that was idle last gets the next connection: its caches are warm, and the others can be paged out.
 * - A worn-out child (enough requests, too much memory) goes on as the last choice until another is up in its place.
 * - Children that die before they finished one connection put a brake on making more, twice as long each
 *   time and at most half a minute, with one child at a time as the probe (postfix: master_spawn.c).
 *
 * Diagnostics: throws AM_BUG when a child is idle twice or unknown.
 */
import {AmavisError} from '../errors.ts'

export type ChildNumber = number

export type State = 'starting' | 'idle' | 'busy' | 'ending'

interface Child {
  state: State
  wornOut: boolean
  /** it finished at least one connection */
  proven: boolean
  /** order in which children became idle */
  idleSince: number
}

/** What is to be done now for the pool to be as its policy wants it. */
export interface Due {
  /** that many children are to be made */
  readonly make: number
  /** these are idle and to be ended */
  readonly end: readonly ChildNumber[]
  /** ms after which to ask again, because a brake is on */
  readonly againInMs: number | undefined
}

const NOTHING: Due = {make: 0, end: [], againInMs: undefined}

export interface PoolOptions {
  /** children to keep alive */
  readonly size: number
  /** how many may be starting at the same time; more would only take the processors from those that serve */
  readonly startingLimit?: number
  /** ms, monotonic */
  readonly now?: () => number
}

const FIRST_BRAKE_MS = 500
const LONGEST_BRAKE_MS = 30_000

export class Pool {
  readonly #children = new Map<ChildNumber, Child>()
  readonly #startingLimit: number
  readonly #now: () => number
  #size: number
  #turn = 0
  #failures = 0
  #failedAt = 0
  #retired = false

  constructor({size, startingLimit = 2, now = () => performance.now()}: PoolOptions) {
    this.#size = size
    this.#startingLimit = startingLimit
    this.#now = now
  }

  get size(): number {
    return this.#size
  }

  /** Deaths at birth in a row. */
  get failures(): number {
    return this.#failures
  }

  count(state: State): number {
    let n = 0
    for (const child of this.#children.values()) if (child.state === state) n++
    return n
  }

  state(number: ChildNumber): State {
    return this.#get(number).state
  }

  /** Children of any state that are still there. */
  get alive(): number {
    return this.#children.size
  }

  /** As many children as wanted are up. */
  get complete(): boolean {
    return this.count('idle') + this.count('busy') >= this.#size
  }

  /** A child was started; it is not ready yet. */
  born(number: ChildNumber): void {
    this.#children.set(number, {state: 'starting', wornOut: false, proven: false, idleSince: 0})
  }

  /** A child is ready for its first connection, or done with the one it had. */
  idle(number: ChildNumber, wornOut = false): void {
    const child = this.#get(number)
    if (child.state === 'ending') return
    if (child.state === 'idle') throw new AmavisError('AM_BUG', `child ${number} is idle twice`)
    if (child.state === 'busy') {
      child.proven = true
      this.#failures = 0
    }
    child.state = 'idle'
    child.wornOut ||= wornOut
    child.idleSince = ++this.#turn
  }

  /** The child for the next connection, busy from now on; undefined when none is idle. */
  take(): ChildNumber | undefined {
    let best: [ChildNumber, Child] | undefined
    for (const entry of this.#children) {
      const [, child] = entry
      if (child.state !== 'idle') continue
      if (
        !best ||
        (best[1].wornOut && !child.wornOut) ||
        (best[1].wornOut === child.wornOut && child.idleSince > best[1].idleSince)
      ) {
        best = entry
      }
    }
    if (!best) return undefined
    best[1].state = 'busy'
    return best[0]
  }

  /** A child has ended, for whatever reason. */
  died(number: ChildNumber): void {
    const child = this.#get(number)
    this.#children.delete(number)
    if (child.state === 'ending' || child.proven) return
    this.#failures++
    this.#failedAt = this.#now()
  }

  /** One child more or fewer; at least one stays. */
  resize(by: number): void {
    this.#size = Math.max(1, this.#size + by)
  }

  get retired(): boolean {
    return this.#retired
  }

  /** From now on no child is made, and each is ended as soon as it is idle. */
  retire(): void {
    this.#retired = true
  }

  /** Asked after each connection, so it makes nothing where nothing is due. */
  due(): Due {
    let [starting, idle, up, worn] = [0, 0, 0, 0]
    for (const child of this.#children.values()) {
      if (child.state === 'starting') starting++
      else if (child.state !== 'ending') {
        up++
        if (child.state === 'idle') idle++
        if (child.wornOut) worn++
      }
    }
    if (this.#retired) return idle === 0 ? NOTHING : {...NOTHING, end: this.#longestIdle(idle)}
    const fresh = up - worn
    const wanted = Math.min(this.#size - fresh - starting, this.#startingLimit - starting)
    if (wanted <= 0 && up <= this.#size) return NOTHING
    // A busy worn-out child is not paid for by ending the fresh one that came in its place.
    const end = [
      ...this.#longestIdle(up - this.#size, child => child.wornOut),
      ...this.#longestIdle(fresh - this.#size, child => !child.wornOut),
    ]
    return {...this.#braked(wanted, starting), end}
  }

  /** While children die at birth, one is made at a time, when the brake allows it. */
  #braked(wanted: number, starting: number): {make: number; againInMs: number | undefined} {
    if (wanted <= 0) return {make: 0, againInMs: undefined}
    // one death may be an accident, or someone's kill
    if (this.#failures < 2) return {make: wanted, againInMs: undefined}
    if (starting > 0) return {make: 0, againInMs: undefined}
    const brake = Math.min(LONGEST_BRAKE_MS, FIRST_BRAKE_MS * 2 ** (this.#failures - 2))
    const left = this.#failedAt + brake - this.#now()
    return left > 0 ? {make: 0, againInMs: Math.ceil(left)} : {make: 1, againInMs: undefined}
  }

  /** A child was told to end; it gets no connection any more. */
  ending(number: ChildNumber): void {
    this.#get(number).state = 'ending'
  }

  #get(number: ChildNumber): Child {
    const child = this.#children.get(number)
    if (!child) throw new AmavisError('AM_BUG', `there is no child ${number}`)
    return child
  }

  /** Up to `limit` of the children that are idle and so, those idle for longest first. */
  #longestIdle(limit: number, isSo: (child: Child) => boolean = () => true): ChildNumber[] {
    if (limit <= 0) return []
    return [...this.#children]
      .filter(([, child]) => child.state === 'idle' && isSo(child))
      .sort(([, a], [, b]) => a.idleSince - b.idleSince)
      .slice(0, limit)
      .map(([number]) => number)
  }
}
