/**
 * key-filter — which forms of an address's keys a hash may have, told without making the keys.
 *
 * One pass over the address from its end gives a number for each of its keys: the ends of the domain come
 * first, then the domain, then the address. A bit for each number of each key of the table says whether
 * asking is worth it (a Bloom filter with one function; about one in sixteen is asked in vain). Making ten
 * texts and looking each up costs far more than the pass. Letters count as lower case, so that nothing is missed
 * whatever the settings say of case.
 */

/** What may be there; several at once. */
export const MAY_HAVE = {address: 1, user: 2, domain: 4, suffix: 8} as const
/** The address has a form that only the definition of the keys knows what to do with. */
export const UNUSUAL = -1

const AT = 64
const DOT = 46
const BRACKET = 91

export class KeyFilter {
  readonly #bits: Uint32Array
  readonly #mask: number
  /** keys `user@` are there */
  #hasUsers = false

  constructor(keys: Iterable<string>, count: number) {
    const size = Math.max(64, 2 ** Math.ceil(Math.log2(count * 12)))
    this.#bits = new Uint32Array(size / 32)
    this.#mask = size - 1
    for (const key of keys) this.#add(key)
  }

  #add(key: string): void {
    if (key.endsWith('@')) this.#hasUsers = true
    const place = mixed(numberOf(0, key, 0, key.length)) & this.#mask
    this.#bits[place >>> 5]! |= 1 << (place & 31)
  }

  #has(number: number): boolean {
    const place = mixed(number) & this.#mask
    return (this.#bits[place >>> 5]! & (1 << (place & 31))) !== 0
  }

  /**
   * What of MAY_HAVE the table may have for an address, 0 for nothing.
   * @param delimiters as in AddressRules
   * @returns UNUSUAL for what is no plain ASCII `local@domain`
   */
  ask(whole: string, delimiters: string): number {
    const at = whole.lastIndexOf('@')
    const end = whole.length
    if (at <= 0 || at === end - 1) return UNUSUAL
    const first = whole.charCodeAt(at + 1)
    if (first === DOT || whole.charCodeAt(end - 1) === DOT) return UNUSUAL
    let may = 0
    let number = 0
    for (let i = end - 1; i > at; i--) {
      const code = whole.charCodeAt(i)
      if (code > 127) return UNUSUAL
      number = step(number, code)
      if (code === DOT && this.#has(number)) may |= MAY_HAVE.suffix
    }
    if (this.#has(number)) may |= MAY_HAVE.domain
    if (first !== BRACKET && this.#has(step(number, DOT))) may |= MAY_HAVE.suffix
    const domain = step(number, AT)
    const user = userEnd(whole, at, delimiters)
    if (user < 0) return UNUSUAL
    if (this.#has(numberOf(domain, whole, 0, at))) may |= MAY_HAVE.address
    if (user < at && this.#has(numberOf(domain, whole, 0, user))) may |= MAY_HAVE.address
    if (!this.#hasUsers) return may
    const none = step(0, AT)
    if (this.#has(numberOf(none, whole, 0, at))) may |= MAY_HAVE.user
    if (user < at && this.#has(numberOf(none, whole, 0, user))) may |= MAY_HAVE.user
    return may
  }
}

/** Where the extension begins, or the local part ends; -1 for one that is not all ASCII. */
function userEnd(whole: string, at: number, delimiters: string): number {
  let end = at
  for (let i = at - 1; i >= 0; i--) {
    if (whole.charCodeAt(i) > 127) return -1
    if (i > 0 && delimiters !== '' && delimiters.includes(whole[i]!)) end = i
  }
  return end
}

/** The number of a text from its end to its begin, going on from that of what follows it. */
function numberOf(number: number, text: string, begin: number, end: number): number {
  let result = number
  for (let i = end - 1; i >= begin; i--) result = step(result, text.charCodeAt(i))
  return result
}

function step(number: number, code: number): number {
  return (Math.imul(number, 31) + (code >= 65 && code <= 90 ? code + 32 : code)) | 0
}

function mixed(number: number): number {
  const spread = Math.imul(number ^ (number >>> 16), 0x45d9f3b)
  return spread ^ (spread >>> 15)
}
