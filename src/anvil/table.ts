/**
 * table — what is counted for each client of each service: connections now, and events within a unit of time.
 *
 * The state model of Postfix's anvil(8) (spec/anvil §5): one fixed window for all rates of a client, tested before
 * each increment; a client without connections is forgotten one unit after its last one. Numbers stand in pages of
 * typed arrays and names in many small maps, as one map of a million names stops the world when it grows.
 * Times are whole seconds of a clock that never goes back. Pure.
 */

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
const FIELDS = 11

const NONE = -1
const PAGE_BITS = 10
const PAGE_CLIENTS = 1 << PAGE_BITS
const SHARDS = 1024

export class AnvilTable {
  /** seconds */
  unit: number
  readonly #now: () => number
  readonly #pages: Int32Array[] = []
  readonly #names: (string | undefined)[][] = []
  readonly #shards: (Map<string, ClientNumber> | undefined)[] = new Array(SHARDS)
  readonly #free: ClientNumber[] = []
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
    this.forgetIdle()
    for (let client = 0; client < this.#used; client++) {
      const ident = this.#names[client >> PAGE_BITS]![client & (PAGE_CLIENTS - 1)]
      if (ident === undefined) continue
      const counts = this.counts(client)
      yield this.#isOver(this.#get(client, START))
        ? {ident, ...NOTHING, count: counts.count}
        : {ident, ...counts}
    }
  }

  /** Forget clients whose last connection ended a unit ago; a few words of work when there are none. */
  forgetIdle(): void {
    const before = this.#now() - this.unit
    for (
      let client = this.#oldest;
      client !== NONE && this.#get(client, IDLE_SINCE) <= before;
      client = this.#oldest
    ) {
      this.#unlink(client)
      this.#remove(client)
    }
  }

  /** The client's name, as long as it is remembered. */
  ident(client: ClientNumber): string {
    return this.#names[client >> PAGE_BITS]![client & (PAGE_CLIENTS - 1)] ?? ''
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
    return this.#shards[shardOf(ident)]?.get(ident)
  }

  #create(ident: string): ClientNumber {
    const client = this.#free.pop() ?? this.#used++
    const page = client >> PAGE_BITS
    this.#pages[page] ??= new Int32Array(PAGE_CLIENTS * FIELDS)
    this.#names[page] ??= []
    this.#names[page][client & (PAGE_CLIENTS - 1)] = ident
    const at = (client & (PAGE_CLIENTS - 1)) * FIELDS
    this.#pages[page].fill(0, at, at + FIELDS)
    const shard = shardOf(ident)
    this.#shards[shard] ??= new Map()
    this.#shards[shard].set(ident, client)
    this.#size++
    return client
  }

  #remove(client: ClientNumber): void {
    const ident = this.ident(client)
    this.#names[client >> PAGE_BITS]![client & (PAGE_CLIENTS - 1)] = undefined
    const shard = shardOf(ident)
    const clients = this.#shards[shard]
    clients?.delete(ident)
    // A map does not give its room back.
    if (clients?.size === 0) this.#shards[shard] = undefined
    this.#free.push(client)
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

/** FNV-1a over the name. */
function shardOf(ident: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < ident.length; i++) hash = Math.imul(hash ^ ident.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 16)) & (SHARDS - 1)
}
