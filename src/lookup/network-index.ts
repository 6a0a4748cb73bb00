/**
 * network-index — which of many networks is the first in its list to hold an address.
 *
 * Networks lie inside each other or apart, never across. So the addresses fall into ranges within which the
 * same entry comes first; the ranges are sorted, and a look-up is a binary search in a typed array whatever
 * the prefixes are. The order of the list, not the length of a prefix, decides, as it does when a list is gone
 * through: `!10.1.0.0/16` after `10/8` never answers.
 */
import {type Address, MAPPED, type Network} from '../config/ip-network.ts'

/** First addresses of the ranges, ascending from 0, and the entry that holds for each; -1 for none. */
interface Ranges {
  readonly starts: readonly bigint[]
  readonly entries: Int32Array
}

interface Span {
  readonly first: bigint
  readonly last: bigint
  readonly entry: number
}

const FIRST_MAPPED = BigInt(MAPPED) << 32n
const LAST_MAPPED = FIRST_MAPPED + 0xffff_ffffn

export class NetworkIndex {
  readonly #starts4: Uint32Array
  readonly #entries4: Int32Array
  /** by first octet of an address: the last range that begins at or before the first address with it */
  readonly #octets4 = new Uint32Array(257)
  /** four words for each range, most significant first */
  readonly #starts6: Uint32Array
  readonly #entries6: Int32Array
  readonly #everything: number

  /** @param networks in the order in which they are asked */
  constructor(networks: readonly Network[]) {
    const spans = networks.map(spanOf)
    const mapped = rangesOf(spans.flatMap(withinMapped), 32n)
    this.#starts4 = Uint32Array.from(mapped.starts, Number)
    this.#entries4 = mapped.entries
    let range = 0
    for (let octet = 0; octet <= 256; octet++) {
      while (range + 1 < mapped.entries.length && this.#starts4[range + 1]! <= octet * 2 ** 24) range++
      this.#octets4[octet] = range
    }
    const outside = spans.filter(({first, last}) => first < FIRST_MAPPED || last > LAST_MAPPED)
    const all = rangesOf(outside, 128n)
    this.#starts6 = Uint32Array.from(all.starts.flatMap(wordsOf))
    this.#entries6 = all.entries
    this.#everything = networks.findIndex(({bits}) => bits === 0)
  }

  /** @returns position of the network in the list, -1 for none */
  find4(address: number): number {
    const starts = this.#starts4
    const octet = address >>> 24
    let low = this.#octets4[octet]!
    let high = this.#octets4[octet + 1]! + 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (starts[middle]! <= address) low = middle
      else high = middle
    }
    return this.#entries4[low]!
  }

  find6([a, b, c, d]: Address): number {
    const starts = this.#starts6
    let low = 0
    let high = this.#entries6.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      const at = middle * 4
      const difference = starts[at]! - a || starts[at + 1]! - b || starts[at + 2]! - c || starts[at + 3]! - d
      if (difference <= 0) low = middle
      else high = middle
    }
    return this.#entries6[low]!
  }

  /** What holds even something that is no address: `::/0`. */
  findInvalid(): number {
    return this.#everything
  }
}

function spanOf({address: [a, b, c, d], bits}: Network, entry: number): Span {
  const inside = (1n << BigInt(128 - bits)) - 1n
  const value = (((BigInt(a) << 32n) | BigInt(b)) << 64n) | (BigInt(c) << 32n) | BigInt(d)
  return {first: value & ~inside, last: value | inside, entry}
}

/** What of a network are IPv4 addresses, as 32 bits. */
function withinMapped({first, last, entry}: Span): readonly Span[] {
  if (last < FIRST_MAPPED || first > LAST_MAPPED) return []
  const begin = first < FIRST_MAPPED ? FIRST_MAPPED : first
  const end = last > LAST_MAPPED ? LAST_MAPPED : last
  return [{first: begin - FIRST_MAPPED, last: end - FIRST_MAPPED, entry}]
}

function rangesOf(spans: readonly Span[], bits: 32n | 128n): Ranges {
  const starts: bigint[] = [0n]
  const entries: number[] = [-1]
  const from = (start: bigint, entry: number) => {
    if (start >> bits > 0n) return
    if (starts.at(-1) === start) entries[entries.length - 1] = entry
    else if (entries.at(-1) !== entry) {
      starts.push(start)
      entries.push(entry)
    }
  }
  /** networks around the present place, from outside in, each with the first entry of itself and those around */
  const around: Span[] = []
  const leave = () => {
    const {last} = around.pop()!
    from(last + 1n, around.at(-1)?.entry ?? -1)
  }
  for (const {first, last, entry} of spans.toSorted(fromOutsideIn)) {
    while (around.length > 0 && around.at(-1)!.last < first) leave()
    const best = Math.min(entry, around.at(-1)?.entry ?? entry)
    from(first, best)
    around.push({first, last, entry: best})
  }
  while (around.length > 0) leave()
  return {starts, entries: Int32Array.from(entries)}
}

function fromOutsideIn(a: Span, b: Span): number {
  if (a.first !== b.first) return a.first < b.first ? -1 : 1
  if (a.last !== b.last) return a.last > b.last ? -1 : 1
  return a.entry - b.entry
}

function wordsOf(value: bigint): readonly number[] {
  return [96n, 64n, 32n, 0n].map(shift => Number((value >> shift) & 0xffff_ffffn))
}
