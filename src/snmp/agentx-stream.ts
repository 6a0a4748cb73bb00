/**
 * agentx-stream — what a master agent sends: PDUs out of a stream of octets, and what they ask for.
 *
 * Source: RFC 2741 §5 and §6. net-snmp writes our PDUs but does not read those of the master: it takes each
 * chunk of the stream for one PDU, drops the `include` bit of a search range, and throws at a Close. Pure.
 */
import {AmavisError} from '../errors.ts'
import type {Oid} from './oid.ts'

export interface Header {
  readonly type: number
  readonly sessionId: number
  readonly transactionId: number
  readonly packetId: number
}

export interface SearchRange {
  readonly start: Oid
  /** the start itself is meant, too */
  readonly include: boolean
  /** undefined: no bound */
  readonly end: Oid | undefined
}

/** A Get has ranges of which only the start counts. */
export type MasterPdu = Header &
  (
    | {readonly kind: 'get' | 'get-next'; readonly ranges: readonly SearchRange[]}
    | {
        readonly kind: 'get-bulk'
        readonly nonRepeaters: number
        readonly maxRepetitions: number
        readonly ranges: readonly SearchRange[]
      }
    | {readonly kind: 'response'; readonly error: number}
    | {readonly kind: 'test-set' | 'commit-set' | 'undo-set' | 'cleanup-set' | 'close' | 'other'}
  )

const HEADER_BYTES = 20
/** As many variables as a master would ever ask for at once. */
const LARGEST_PAYLOAD_BYTES = 256 * 1024
const NON_DEFAULT_CONTEXT = 0x08
const NETWORK_BYTE_ORDER = 0x10

const KINDS = {
  2: 'close',
  8: 'test-set',
  9: 'commit-set',
  10: 'undo-set',
  11: 'cleanup-set',
} as const

/** Puts the chunks of a stream together and takes the PDUs out of them. */
export class AgentXStream {
  #left: Buffer = Buffer.alloc(0);

  /**
   * The PDUs that are complete with this chunk.
   * @throws AmavisError AM_PROTOCOL for anything that a master agent does not send to us
   */
  *read(chunk: Buffer): Generator<MasterPdu> {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk])
    while (this.#left.length >= HEADER_BYTES) {
      const length = this.#left.readUInt32BE(16)
      if (
        this.#left[0] !== 1 ||
        (this.#left[2]! & NETWORK_BYTE_ORDER) === 0 ||
        length > LARGEST_PAYLOAD_BYTES
      )
        throw wrong('a header')
      if (this.#left.length < HEADER_BYTES + length) return
      const pdu = this.#left.subarray(0, HEADER_BYTES + length)
      this.#left = this.#left.subarray(HEADER_BYTES + length)
      yield parsePdu(pdu)
    }
  }
}

function parsePdu(pdu: Buffer): MasterPdu {
  const type = pdu[1]!
  const header = {
    type,
    sessionId: pdu.readUInt32BE(4),
    transactionId: pdu.readUInt32BE(8),
    packetId: pdu.readUInt32BE(12),
  }
  const body = new Body(pdu.subarray(HEADER_BYTES))
  if ((pdu[2]! & NON_DEFAULT_CONTEXT) !== 0) body.skipText()
  switch (type) {
    case 5:
    case 6:
      return {...header, kind: type === 5 ? 'get' : 'get-next', ranges: body.ranges()}
    case 7: {
      const [nonRepeaters, maxRepetitions] = [body.uint16(), body.uint16()]
      return {...header, kind: 'get-bulk', nonRepeaters, maxRepetitions, ranges: body.ranges()}
    }
    case 18:
      body.uint32() // the master's uptime
      return {...header, kind: 'response', error: body.uint16()}
    default:
      return {...header, kind: KINDS[type as keyof typeof KINDS] ?? 'other'}
  }
}

class Body {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  uint16(): number {
    return this.#octets.readUInt16BE(this.#take(2))
  }

  uint32(): number {
    return this.#octets.readUInt32BE(this.#take(4))
  }

  skipText(): void {
    const length = this.uint32()
    this.#take(length + ((4 - (length % 4)) % 4))
  }

  ranges(): readonly SearchRange[] {
    const ranges: SearchRange[] = []
    while (this.#at < this.#octets.length) {
      const {oid: start, include} = this.#oid()
      const {oid: end} = this.#oid()
      ranges.push({start, include, end: end.length === 0 ? undefined : end})
    }
    return ranges
  }

  /** The null identifier is an empty one. */
  #oid(): {readonly oid: Oid; readonly include: boolean} {
    const at = this.#take(4)
    const [count, prefix, include] = [this.#octets[at]!, this.#octets[at + 1]!, this.#octets[at + 2] !== 0]
    const oid = prefix === 0 ? [] : [1, 3, 6, 1, prefix]
    for (let n = 0; n < count; n++) oid.push(this.uint32())
    return {oid, include}
  }

  #take(count: number): number {
    const at = this.#at
    this.#at += count
    if (this.#at > this.#octets.length) throw wrong('a PDU')
    return at
  }
}

function wrong(what: string): AmavisError {
  return new AmavisError('AM_PROTOCOL', `the master agent sent ${what} that is none of AgentX`)
}
