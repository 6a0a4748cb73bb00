/**
 * zip-headers — the records of a zip file (PKWARE's APPNOTE 6.3.10), each read from where it stands.
 */
import {dosNameText} from '../names.ts'
import type {Source} from '../source.ts'

export const LOCAL_SIGNATURE = Buffer.from('PK\x03\x04', 'latin1')
export const DESCRIPTOR_SIGNATURE = Buffer.from('PK\x07\x08', 'latin1')
const CENTRAL_SIGNATURE = 0x02014b50
const END_SIGNATURE = Buffer.from('PK\x05\x06', 'latin1')
const END64_LOCATOR_SIGNATURE = 0x07064b50
const END64_SIGNATURE = 0x06064b50

const END_BYTES = 22
const MAX_COMMENT_BYTES = 0xffff
/** Ends of directories that are looked at; an honest file has one. */
const MAX_ENDS = 4

const FLAG_ENCRYPTED = 1
const FLAG_DESCRIPTOR = 8

/** What one header says about a member. */
export interface MemberHeader {
  readonly names: readonly string[]
  readonly isEncrypted: boolean
  /** sizes and checksum follow the data */
  readonly hasDescriptor: boolean
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  /** of the header itself, with its name and extra field */
  readonly headerBytes: number
}

export interface CentralHeader extends MemberHeader {
  /** where the local header is said to be */
  readonly offset: number
  readonly isLink: boolean
}

/** A directory and where it stands; `shift` is what to add to its offsets when something was put before the file. */
export interface Directory {
  readonly at: number
  readonly end: number
  readonly shift: number
  /** one of several files that belong together */
  readonly isVolume: boolean
}

/** All directories that end in the tail of the file, the last first. */
export function findDirectories(source: Source): Directory[] {
  const tailAt = Math.max(0, source.size - END_BYTES - MAX_COMMENT_BYTES)
  const tail = Buffer.from(source.read(tailAt, source.size - tailAt))
  const found: Directory[] = []
  let at = tail.lastIndexOf(END_SIGNATURE)
  while (at >= 0 && found.length < MAX_ENDS) {
    if (at + END_BYTES <= tail.length)
      found.push(readEnd(source, tailAt + at, tail.subarray(at, at + END_BYTES)))
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1)
  }
  return found
}

function readEnd(source: Source, endAt: number, end: Buffer): Directory {
  let size = end.readUInt32LE(12)
  let offset = end.readUInt32LE(16)
  let behind = endAt
  const locator = endAt >= 20 ? Buffer.from(source.read(endAt - 20, 20)) : undefined
  if (locator?.readUInt32LE(0) === END64_LOCATOR_SIGNATURE) {
    // What was put before the file shifts this place too; the record usually stands just before its locator.
    for (const at of [Number(locator.readBigUInt64LE(8)), endAt - 20 - 56]) {
      const record = at >= 0 ? source.read(at, 56) : undefined
      if (record?.length !== 56 || record.readUInt32LE(0) !== END64_SIGNATURE) continue
      size = Number(record.readBigUInt64LE(40))
      offset = Number(record.readBigUInt64LE(48))
      behind = at
      break
    }
  }
  const isVolume = end.readUInt16LE(4) !== 0 && end.readUInt16LE(4) !== 0xffff
  const shifted = behind - size
  // Offsets as written are right for an untouched file; otherwise the directory is where its size says.
  const isAsWritten = isCentral(source, offset) || shifted < 0
  const at = isAsWritten ? offset : shifted
  return {at, end: Math.min(endAt, source.size), shift: isAsWritten ? 0 : shifted - offset, isVolume}
}

function isCentral(source: Source, at: number): boolean {
  const signature = source.read(at, 4)
  return signature.length === 4 && signature.readUInt32LE(0) === CENTRAL_SIGNATURE
}

/** The header in a directory at this place, if there is one. */
export function readCentral(source: Source, at: number): CentralHeader | undefined {
  const head = source.read(at, 46)
  if (head.length < 46 || head.readUInt32LE(0) !== CENTRAL_SIGNATURE) return undefined
  const nameBytes = head.readUInt16LE(28)
  const extraBytes = head.readUInt16LE(30)
  const headerBytes = 46 + nameBytes + extraBytes + head.readUInt16LE(32)
  const madeBy = head[5]!
  const mode = head.readUInt16LE(40)
  const offset = head.readUInt32LE(42)
  const common = readCommon(head, 8)
  const rest = source.read(at + 46, nameBytes + extraBytes)
  const extra = readExtra(rest.subarray(nameBytes), [common.size, common.packed, offset])
  const [size = common.size, packed = common.packed, place = offset] = extra.sizes
  const names = namesOf(rest.subarray(0, nameBytes), extra.name)
  const isLink = madeBy === 3 && (mode & 0o170000) === 0o120000
  return {...common, size, packed, names, headerBytes, offset: place, isLink}
}

/**
 * The header before a member's data, if there is one at this place.
 * @param accepts looks at its fixed part: names and extra fields of what is none need not be read
 */
export function readLocal(
  source: Source,
  at: number,
  accepts: (fixed: Pick<MemberHeader, 'method' | 'packed' | 'size'>) => boolean = () => true,
): MemberHeader | undefined {
  const head = source.read(at, 30)
  if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) return undefined
  const nameBytes = head.readUInt16LE(26)
  const extraBytes = head.readUInt16LE(28)
  const common = readCommon(head, 6)
  if (!accepts(common)) return undefined
  const rest = source.read(at + 30, nameBytes + extraBytes)
  const extra = readExtra(rest.subarray(nameBytes), [common.size, common.packed])
  const [size = common.size, packed = common.packed] = extra.sizes
  const names = namesOf(rest.subarray(0, nameBytes), extra.name)
  return {...common, size, packed, names, headerBytes: 30 + nameBytes + extraBytes}
}

/** Fields that both headers have, in the same order. */
function readCommon(head: Buffer, at: number) {
  const flags = head.readUInt16LE(at)
  return {
    isEncrypted: (flags & FLAG_ENCRYPTED) !== 0,
    hasDescriptor: (flags & FLAG_DESCRIPTOR) !== 0,
    method: head.readUInt16LE(at + 2),
    crc: head.readUInt32LE(at + 8),
    packed: head.readUInt32LE(at + 12),
    size: head.readUInt32LE(at + 16),
  }
}

function namesOf(octets: Buffer, unicode: string | undefined): string[] {
  const name = dosNameText(octets)
  return unicode === undefined || unicode === name ? [name] : [name, unicode]
}

/**
 * The zip64 sizes (only those that stand as 0xffffffff in the header are there, in this order) and the name in
 * UTF-8.
 */
function readExtra(extra: Buffer, fields: number[]): {sizes: number[]; name: string | undefined} {
  const sizes = [...fields]
  let name: string | undefined
  for (let at = 0; at + 4 <= extra.length; ) {
    const id = extra.readUInt16LE(at)
    const data = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
    if (id === 1) {
      let from = 0
      fields.forEach((field, index) => {
        if (field !== 0xffffffff || from + 8 > data.length) return
        sizes[index] = Number(data.readBigUInt64LE(from))
        from += 8
      })
    } else if (id === 0x7075 && data.length > 5) name = data.toString('utf8', 5)
    at += 4 + data.length
  }
  return {sizes, name}
}
