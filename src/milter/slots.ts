/**
 * slots — the places of a pool's processes, and what is counted of them.
 *
 * There are twice as many as processes may take connections: the other half is for those that retire, while others
 * have taken their work. A slot keeps its history when its process is gone. Source: spec/milter-control §3, §4. Pure.
 */

export interface Slot {
  readonly index: number
  /** undefined: nobody is in it */
  occupant: Occupant | undefined
  /** connections of all processes that ever had it */
  connectionsEver: number
  /** processes that ever had it */
  processesEver: number
}

export interface Occupant {
  readonly pid: number
  phase: 'starting' | 'active' | 'retiring'
  /** connections that it has now, and has had */
  open: number
  connections: number
  /** ms, monotonic; since when it has none */
  idleSince: number
  readonly bornAt: number
}

export class Slots {
  readonly #slots: Slot[] = []
  readonly #most: number
  readonly #connsPerProc: number
  #highWater = 0

  constructor(maxProcs: number, connsPerProc: number) {
    this.#most = maxProcs
    this.#connsPerProc = connsPerProc
    for (let index = 0; index < 2 * maxProcs; index++)
      this.#slots.push({index, occupant: undefined, connectionsEver: 0, processesEver: 0})
  }

  get all(): readonly Slot[] {
    return this.#slots
  }

  /** the most that were ever occupied at a time */
  get highWater(): number {
    return this.#highWater
  }

  occupants(phase: Occupant['phase']): readonly Slot[] {
    return this.#slots.filter(({occupant}) => occupant?.phase === phase)
  }

  /** connections in progress */
  get open(): number {
    return this.#slots.reduce((sum, {occupant}) => sum + (occupant?.open ?? 0), 0)
  }

  /** Whether one more process may be started to take connections. */
  get mayStart(): boolean {
    const working = this.occupants('starting').length + this.occupants('active').length
    return working < this.#most && this.#slots.some(({occupant}) => occupant === undefined)
  }

  /** A process comes in. */
  occupy(pid: number, now: number): Slot {
    const slot = this.#slots.find(({occupant}) => occupant === undefined)
    if (!slot) throw new Error('no slot is free')
    slot.occupant = {pid, phase: 'starting', open: 0, connections: 0, idleSince: now, bornAt: now}
    slot.processesEver++
    const occupied = this.#slots.filter(({occupant}) => occupant !== undefined).length
    this.#highWater = Math.max(this.#highWater, occupied)
    return slot
  }

  /** Who takes the next connection: of the active ones with room, that with the fewest. */
  choose(): Slot | undefined {
    let best: Slot | undefined
    for (const slot of this.occupants('active')) {
      if (slot.occupant!.open >= this.#connsPerProc) continue
      if (best === undefined || slot.occupant!.open < best.occupant!.open) best = slot
    }
    return best
  }

  /** A connection was handed over. */
  opened(slot: Slot): void {
    const {occupant} = slot
    if (!occupant) return
    occupant.open++
    occupant.connections++
    slot.connectionsEver++
  }

  closed(slot: Slot, now: number): void {
    const {occupant} = slot
    if (!occupant) return
    occupant.open = Math.max(0, occupant.open - 1)
    if (occupant.open === 0) occupant.idleSince = now
  }

  vacate(slot: Slot): void {
    slot.occupant = undefined
  }
}
