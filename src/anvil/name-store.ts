/**
 * name-store — names as octets outside V8's heap: a million strings would make each collection of garbage a pause.
 *
 * Pages of memory are cut into blocks of multiples of 16 octets; a block that is given back waits in a line of its
 * size, its first octets naming the next one. Pure.
 */
const PAGE_OCTETS = 64 * 1024
const BLOCK = 16
/** in front of each name */
const LENGTH_OCTETS = 2
/** Longest name in octets. */
export const LONGEST_NAME = PAGE_OCTETS / 2

/** Where a name stands. */
export type NameAddress = number

const NONE = -1

export class NameStore {
  readonly #pages: Buffer[] = []
  /** octets of the last page that are taken */
  #taken = PAGE_OCTETS
  /** the first free block of each size, in blocks */
  readonly #free: NameAddress[] = []

  /** @param name latin1, not longer than LONGEST_NAME */
  add(name: string): NameAddress {
    const address = this.#allocate(blocksOf(name.length))
    const page = this.#pages[Math.floor(address / PAGE_OCTETS)]!
    const at = address % PAGE_OCTETS
    page.writeUInt16LE(name.length, at)
    page.write(name, at + LENGTH_OCTETS, 'latin1')
    return address
  }

  isAt(address: NameAddress, name: string): boolean {
    const page = this.#pages[Math.floor(address / PAGE_OCTETS)]!
    const at = address % PAGE_OCTETS
    if (page.readUInt16LE(at) !== name.length) return false
    for (let i = 0; i < name.length; i++) {
      if (page[at + LENGTH_OCTETS + i] !== name.charCodeAt(i)) return false
    }
    return true
  }

  read(address: NameAddress): string {
    const page = this.#pages[Math.floor(address / PAGE_OCTETS)]!
    const at = address % PAGE_OCTETS
    return page.toString('latin1', at + LENGTH_OCTETS, at + LENGTH_OCTETS + page.readUInt16LE(at))
  }

  remove(address: NameAddress): void {
    const page = this.#pages[Math.floor(address / PAGE_OCTETS)]!
    const at = address % PAGE_OCTETS
    const blocks = blocksOf(page.readUInt16LE(at))
    page.writeInt32LE(this.#free[blocks] ?? NONE, at)
    this.#free[blocks] = address
  }

  #allocate(blocks: number): NameAddress {
    const free = this.#free[blocks] ?? NONE
    if (free !== NONE) {
      const page = this.#pages[Math.floor(free / PAGE_OCTETS)]!
      this.#free[blocks] = page.readInt32LE(free % PAGE_OCTETS)
      return free
    }
    if (this.#taken + blocks * BLOCK > PAGE_OCTETS) {
      this.#pages.push(Buffer.allocUnsafeSlow(PAGE_OCTETS))
      this.#taken = 0
    }
    const address = (this.#pages.length - 1) * PAGE_OCTETS + this.#taken
    this.#taken += blocks * BLOCK
    return address
  }
}

function blocksOf(length: number): number {
  return Math.ceil((length + LENGTH_OCTETS) / BLOCK)
}
