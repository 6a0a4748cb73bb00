/**
 * table — what is counted for each client of each service: connections now, and events within a unit of time.
 *
 * The state model of Postfix's anvil(8) (spec/anvil §5): one fixed window for all rates of a client, tested before
 * each increment; a client without connections is forgotten one unit after its last one. Everything stands in typed
 * arrays, and what grows, grows in small pieces: a million clients are no work for the collector of garbage.
 * Times are whole seconds of a clock that never goes back. Pure.
 */
import {NameStore} from './name-store.ts'

/** What is counted; `count` is connections that are open now. */
export interface ClientCounts {
  readonly count: number
  readonly rate: number
  readonly mail: number
  readonly rcpt: number
  readonly newtls: number
  readonly auth: number
  readonly tlstr: number
}

export type Rate = Exclude<keyof ClientCounts, 'count'>

/** A client in the table; its number is good until it is forgotten. */
export type ClientNumber = number

const NOTHING: ClientCounts = {count: 0, rate: 0, mail: 0, rcpt: 0, newtls: 0, auth: 0, tlstr: 0}

/** Counters stop here, as the original's do. */
const MOST = 2_147_483_647
/** Start of a window that was cleared by a look. */
const NO_WINDOW = -(2 ** 31)

const COUNT = 0
const RATES: Readonly<Record<Rate, number>> = {rate: 1, mail: 2, rcpt: 3, newtls: 4, auth: 5, tlstr: 6}
const FIRST_RATE = 1
const LAST_RATE = 6
const START = 7
/** when the last connection ended, and neighbours in the line of those without one */
const IDLE_SINCE = 8
const OLDER = 9
const NEWER = 10
/** of the name, where it stands, and the next client in the same bucket */
const HASH = 11
const NAME = 12
const NEXT = 13
const FIELDS = 14

const NONE = -1
const FORGET_AT_ONCE = 1000
const PAGE_BITS = 10
const PAGE_CLIENTS = 1 << PAGE_BITS
const SHARD_BITS = 10
const SHARDS = 1 << SHARD_BITS
const FIRST_BUCKETS = 4

/** A part of the index: the first client of each bucket. */
interface Shard {
  heads: Int32Array
  size: number
}

export class AnvilTable {
  /** seconds */
  unit: number
  readonly #now: () => number
  readonly #pages: Int32Array[] = []
  readonly #names = new NameStore()
  readonly #shards: (Shard | undefined)[] = new Array(SHARDS)
  #free: ClientNumber = NONE
  #used = 0
  #size = 0
  #oldest = NONE
  #newest = NONE

  /** @param now whole seconds, never going back */
  constructor(unit: number, now: () => number) {
    this.unit = unit
    this.#now = now
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#size
  }

  /**
   * A connection of a client begins: counted at once, and its window is tested.
   * @returns its number, and whether it is new
   */
  connect(ident: string): {readonly client: ClientNumber; readonly isNew: boolean} {
    this.forgetIdle()
    const known = this.#find(ident)
    if (known === undefined) {
      const client = this.#create(ident)
      this.#set(client, COUNT, 1)
      this.#set(client, RATES.rate, 1)
      this.#set(client, START, this.#now())
      return {client, isNew: true}
    }
    this.#increase(known, RATES.rate)
    const count = this.#get(known, COUNT)
    if (count === 0) this.#unlink(known)
    this.#set(known, COUNT, Math.min(MOST, count + 1))
    return {client: known, isNew: false}
  }

  /** A connection ends. */
  disconnect(client: ClientNumber): void {
    const count = this.#get(client, COUNT) - 1
    if (count < 0) return
    this.#set(client, COUNT, count)
    if (count === 0) this.#wait(client)
  }

  /** Count an event; a client that is not known has to be connected first. */
  add(client: ClientNumber, rate: Exclude<Rate, 'rate'>): void {
    this.#increase(client, RATES[rate])
  }

  /** The client's number, if it is remembered. */
  find(ident: string): ClientNumber | undefined {
    this.forgetIdle()
    return this.#find(ident)
  }

  /** Its counts as they are, the rates of a window that is over included. */
  counts(client: ClientNumber): ClientCounts {
    const page = this.#pages[client >> PAGE_BITS]!
    const at = (client & (PAGE_CLIENTS - 1)) * FIELDS
    return {
      count: page[at + COUNT]!,
      rate: page[at + RATES.rate]!,
      mail: page[at + RATES.mail]!,
      rcpt: page[at + RATES.rcpt]!,
      newtls: page[at + RATES.newtls]!,
      auth: page[at + RATES.auth]!,
      tlstr: page[at + RATES.tlstr]!,
    }
  }

  /** A look at a client: rates of a window that is over are cleared first. Unknown clients have nothing. */
  look(ident: string): ClientCounts {
    const client = this.find(ident)
    if (client === undefined) return NOTHING
    const start = this.#get(client, START)
    if (start !== NO_WINDOW && this.#isOver(start)) this.#clear(client, NO_WINDOW)
    return this.counts(client)
  }

  /** All clients with their present counts, in no order; windows that are over count as nothing. */
  *clients(): Generator<{readonly ident: string} & ClientCounts, void, undefined> {
    for (let client = 0; client < this.#used; client++) {
      if (this.#get(client, NAME) === NONE || this.#isForgotten(client)) continue
      const ident = this.ident(client)
      const counts = this.counts(client)
      yield this.#isOver(this.#get(client, START))
        ? {ident, ...NOTHING, count: counts.count}
        : {ident, ...counts}
    }
  }

  /**
   * Forget clients whose last connection ended a unit ago, so many at a time that nobody waits for it; those that
   * are still there are not found any more.
   * @returns whether there are more
   */
  forgetIdle(): boolean {
    const before = this.#now() - this.unit
    for (let left = FORGET_AT_ONCE; left > 0; left--) {
      const client = this.#oldest
      if (client === NONE || this.#get(client, IDLE_SINCE) > before) return false
      this.#unlink(client)
      this.#remove(client)
    }
    return true
  }

  /** The client's name, as long as it is remembered. */
  ident(client: ClientNumber): string {
    return this.#names.read(this.#get(client, NAME))
  }

  #isOver(start: number): boolean {
    return start + this.unit < this.#now()
  }

  #increase(client: ClientNumber, field: number): void {
    if (this.#isOver(this.#get(client, START))) this.#clear(client, this.#now())
    this.#set(client, field, Math.min(MOST, this.#get(client, field) + 1))
  }

  #clear(client: ClientNumber, start: number): void {
    for (let field = FIRST_RATE; field <= LAST_RATE; field++) this.#set(client, field, 0)
    this.#set(client, START, start)
  }

  #find(ident: string): ClientNumber | undefined {
    const hash = hashOf(ident)
    const shard = this.#shards[hash & (SHARDS - 1)]
    if (!shard) return undefined
    let client = shard.heads[bucketOf(hash, shard)]!
    while (client !== NONE && !(this.#get(client, HASH) === hash && this.#isNamed(client, ident))) {
      client = this.#get(client, NEXT)
    }
    if (client === NONE) return undefined
    if (!this.#isForgotten(client)) return client
    this.#unlink(client)
    this.#remove(client)
    return undefined
  }

  #isNamed(client: ClientNumber, ident: string): boolean {
    return this.#names.isAt(this.#get(client, NAME), ident)
  }

  /** Its time is over, whether or not anybody has seen to it. */
  #isForgotten(client: ClientNumber): boolean {
    return this.#get(client, COUNT) === 0 && this.#get(client, IDLE_SINCE) <= this.#now() - this.unit
  }

  #create(ident: string): ClientNumber {
    const client = this.#number()
    const page = this.#pages[client >> PAGE_BITS]!
    const at = (client & (PAGE_CLIENTS - 1)) * FIELDS
    page.fill(0, at, at + FIELDS)
    const hash = hashOf(ident)
    this.#set(client, HASH, hash)
    this.#set(client, NAME, this.#names.add(ident))
    const which = hash & (SHARDS - 1)
    this.#shards[which] ??= {heads: new Int32Array(FIRST_BUCKETS).fill(NONE), size: 0}
    const shard = this.#shards[which]
    if (++shard.size > shard.heads.length) this.#widen(shard)
    this.#index(client, shard)
    this.#size++
    return client
  }

  /** One that was used before, or the next. */
  #number(): ClientNumber {
    const client = this.#free
    if (client !== NONE) {
      this.#free = this.#get(client, NEXT)
      return client
    }
    this.#pages[this.#used >> PAGE_BITS] ??= new Int32Array(PAGE_CLIENTS * FIELDS)
    return this.#used++
  }

  #index(client: ClientNumber, {heads}: Shard): void {
    const bucket = bucketOf(this.#get(client, HASH), {heads})
    this.#set(client, NEXT, heads[bucket]!)
    heads[bucket] = client
  }

  #widen(shard: Shard): void {
    const before = shard.heads
    shard.heads = new Int32Array(before.length * 2).fill(NONE)
    for (const head of before) {
      for (let client = head; client !== NONE; ) {
        const next = this.#get(client, NEXT)
        this.#index(client, shard)
        client = next
      }
    }
  }

  #remove(client: ClientNumber): void {
    const hash = this.#get(client, HASH)
    const shard = this.#shards[hash & (SHARDS - 1)]!
    const bucket = bucketOf(hash, shard)
    const next = this.#get(client, NEXT)
    if (shard.heads[bucket] === client) shard.heads[bucket] = next
    else {
      let before = shard.heads[bucket]!
      while (this.#get(before, NEXT) !== client) before = this.#get(before, NEXT)
      this.#set(before, NEXT, next)
    }
    if (--shard.size === 0) this.#shards[hash & (SHARDS - 1)] = undefined
    this.#names.remove(this.#get(client, NAME))
    this.#set(client, NAME, NONE)
    this.#set(client, NEXT, this.#free)
    this.#free = client
    this.#size--
  }

  /** At the end of the line of those without a connection. */
  #wait(client: ClientNumber): void {
    this.#set(client, IDLE_SINCE, this.#now())
    this.#set(client, OLDER, this.#newest)
    this.#set(client, NEWER, NONE)
    if (this.#newest === NONE) this.#oldest = client
    else this.#set(this.#newest, NEWER, client)
    this.#newest = client
  }

  #unlink(client: ClientNumber): void {
    const older = this.#get(client, OLDER)
    const newer = this.#get(client, NEWER)
    if (older === NONE) this.#oldest = newer
    else this.#set(older, NEWER, newer)
    if (newer === NONE) this.#newest = older
    else this.#set(newer, OLDER, older)
  }

  #get(client: ClientNumber, field: number): number {
    return this.#pages[client >> PAGE_BITS]![(client & (PAGE_CLIENTS - 1)) * FIELDS + field]!
  }

  #set(client: ClientNumber, field: number, value: number): void {
    this.#pages[client >> PAGE_BITS]![(client & (PAGE_CLIENTS - 1)) * FIELDS + field] = value
  }
}

/** FNV-1a over the name, mixed. */
function hashOf(ident: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < ident.length; i++) hash = Math.imul(hash ^ ident.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Bits that chose the shard choose no bucket. */
function bucketOf(hash: number, {heads}: {readonly heads: Int32Array}): number {
  return (hash >>> SHARD_BITS) & (heads.length - 1)
}
