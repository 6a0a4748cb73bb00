/**
 * arc-members — which files an .arc archive says it has, and what a program prints of all of them, cut into these.
 *
 * Programs that open such archives print the members one behind the other; arc puts a form feed after each.
 * Source: the ARC 5 format: 0x1A, method, name of 13 octets with NUL, packed size, date, time, CRC, size (not for
 * method 1), little-endian; method 0 ends the archive.
 */
import type {Problem} from './member.ts'
import type {MemberWriter, Sink} from './sink.ts'
import type {Source} from './source.ts'

const MARK = 0x1a
/** Headers of method 1 have no size of the unpacked file. */
const OLD_METHOD = 1
const OLD_HEADER_SIZE = 25
const HEADER_SIZE = 29
/** Later ones are folders, comments and the like. */
const LAST_METHOD = 11
const NAME = {at: 2, length: 13}

export interface ArcMember {
  readonly name: string
  /** octets, unpacked */
  readonly size: number
}

/**
 * In their order; undefined where a header is not one, or of a kind that holds no file.
 * @param most members to look for
 */
export function arcMembers(archive: Source, most: number): readonly ArcMember[] | undefined {
  const members: ArcMember[] = []
  for (let at = 0; at < archive.size && members.length < most; ) {
    const header = archive.read(at, HEADER_SIZE)
    const method = header[1] ?? 0
    if (header[0] !== MARK || method > LAST_METHOD) return undefined
    if (method === 0) return members
    const headerSize = method === OLD_METHOD ? OLD_HEADER_SIZE : HEADER_SIZE
    if (header.length < headerSize) return undefined
    const [name = ''] = header.toString('latin1', NAME.at, NAME.at + NAME.length).split('\0')
    const packed = header.readUInt32LE(15)
    members.push({name, size: method === OLD_METHOD ? packed : header.readUInt32LE(25)})
    at += headerSize + packed
  }
  return members
}

/** Puts what a program prints into members of these sizes; what is too much is one more. */
export class MemberCutter {
  readonly #sink: Sink
  readonly #members: readonly ArcMember[]
  readonly #separator: number | undefined
  #index = -1
  #writer: MemberWriter | undefined
  /** octets of the present member that are still to come; Infinity: it is the one more */
  #left = 0
  #isSeparatorDue = false

  /** @param separator the octet that comes after each member; undefined: none does */
  constructor(sink: Sink, members: readonly ArcMember[], separator: number | undefined) {
    this.#sink = sink
    this.#members = members
    this.#separator = separator
  }

  /** @throws LimitReached */
  write(octets: Buffer): void {
    for (let at = 0; at < octets.length; ) {
      if (this.#left > 0) {
        const end = Math.min(octets.length, at + this.#left)
        this.#writer?.write(octets.subarray(at, end))
        this.#left -= end - at
        at = end
      } else if (this.#isSeparatorDue && octets[at] === this.#separator) {
        this.#isSeparatorDue = false
        at++
      } else this.#begin()
    }
  }

  #begin(): void {
    const member = this.#members[++this.#index]
    this.#writer = this.#sink.begin(...(member ? [member.name] : []))
    this.#left = member?.size ?? Number.POSITIVE_INFINITY
    this.#isSeparatorDue = this.#separator !== undefined
  }

  /**
   * Nothing more is printed.
   * @returns what is wrong with what was; undefined: it was as announced
   * @throws LimitReached
   */
  end(): Problem | undefined {
    while (this.#left === 0 && this.#index < this.#members.length - 1) this.#begin()
    return this.#left === 0 ? undefined : {kind: 'corrupt', reason: 'its members are not as it says'}
  }
}
