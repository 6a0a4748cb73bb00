/**
 * format — which reader opens an octet sequence, by the octets themselves.
 *
 * Beside the short types, not by them: those are file(1)'s words, and have none for a Java archive or an xz
 * stream of today. Costs next to nothing for what is no archive. Pure.
 */

import {bufferSource, find, type Source} from './source.ts'

/** Formats with a reader of their own. */
export type OwnFormat =
  | 'zip'
  | 'gzip'
  | 'tar'
  | 'cpio'
  | 'ar'
  | 'rpm'
  | 'zstd'
  | 'lz4'
  | 'lzop'
  | 'lzip'
  | 'tnef'
  | 'ole'
  | 'onenote'
  | 'binhex'
  | 'uuencode'

/** Formats that 7-Zip opens; the names are ours. */
export type SevenZipFormat =
  | '7z'
  | 'rar'
  | 'arj'
  | 'cab'
  | 'lha'
  | 'iso'
  | 'bzip2'
  | 'xz'
  | 'lzma'
  | 'compress'
  | 'chm'
  | 'szdd'
  | 'wim'
  | 'xar'
  | 'squashfs'
  | 'disk'

/** Formats that only a program of another package opens, or nobody. */
export type ForeignFormat = 'arc' | 'zoo' | 'freeze' | 'lrzip' | 'ace' | 'stuffit' | 'alz' | 'bzip' | 'grzip'

/** To be looked into for an archive within, by the one who opens it. */
export type UnknownFormat = 'program' | 'anything'

export type Format = UnknownFormat | OwnFormat | SevenZipFormat | ForeignFormat

export interface Opening {
  readonly format: Format
  /** where the archive begins; more than 0 behind a program that extracts it */
  readonly start: number
  /** nothing says that it is one but a likeness: what turns out to be none is no problem */
  readonly isGuess: boolean
}

interface Signature {
  readonly format: Format
  readonly magic: Buffer
  readonly at: number
  /** a closer look, for a magic that is short */
  readonly isLikely?: (octets: Buffer) => boolean
}

const sign = (format: Format, magic: string, at = 0, isLikely?: Signature['isLikely']): Signature => ({
  format,
  magic: Buffer.from(magic, 'latin1'),
  at,
  ...(isLikely && {isLikely}),
})

const SIGNATURES: readonly Signature[] = [
  sign('zip', 'PK\x03\x04'),
  sign('zip', 'PK\x05\x06'),
  sign('zip', 'PK00PK\x03\x04'),
  sign('zip', 'PK\x07\x08PK\x03\x04'),
  sign('gzip', '\x1f\x8b\x08'),
  sign('cpio', '070701'),
  sign('cpio', '070702'),
  sign('cpio', '070707'),
  sign('cpio', '\x71\xc7', 0, isOldCpio),
  sign('cpio', '\xc7\x71', 0, isOldCpio),
  sign('ar', '!<arch>\n'),
  sign('rpm', '\xed\xab\xee\xdb'),
  sign('zstd', '\x28\xb5\x2f\xfd'),
  sign('zstd', '\x2a\x4d\x18', 1, isSkippableZstd),
  sign('lz4', '\x04\x22\x4d\x18'),
  sign('lz4', '\x02\x21\x4c\x18'),
  sign('lzop', '\x89LZO\0\r\n\x1a\n'),
  sign('lzip', 'LZIP'),
  sign('tnef', '\x78\x9f\x3e\x22'),
  sign('ole', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
  sign('onenote', '\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3'),
  sign('onenote', '\x3f\xdd\x9a\x10\x1b\x91\xf5\x49\xa5\xd0\x17\x91\xed\xc8\xae\xd8'),
  sign('binhex', '(This file must be converted with BinHex'),
  sign('uuencode', 'begin ', 0, octets => /^begin [0-7]{3,4} \S/.test(octets.toString('latin1', 0, 16))),
  sign('uuencode', 'begin-base64 '),
  sign('7z', '7z\xbc\xaf\x27\x1c'),
  sign('rar', 'Rar!\x1a\x07'),
  sign('rar', 'RE~^'),
  sign('arj', '\x60\xea', 0, isArj),
  sign('cab', 'MSCF\0\0\0\0'),
  sign('lha', '-lh', 2, octets => /^[0-7d]-/.test(octets.toString('latin1', 5, 7))),
  sign('lha', '-lz', 2, octets => /^[45s]-/.test(octets.toString('latin1', 5, 7))),
  sign('bzip2', 'BZh', 0, octets => /^[1-9](?:1AY&SY|\x17rE8P\x90)/.test(octets.toString('latin1', 3, 10))),
  sign('xz', '\xfd7zXZ\0'),
  sign('lzma', '\x5d\0', 0, isLzma),
  sign('compress', '\x1f\x9d'),
  sign('chm', 'ITSF'),
  sign('szdd', 'SZDD\x88\xf0\x27\x33'),
  sign('wim', 'MSWIM\0\0\0'),
  sign('xar', 'xar!'),
  sign('squashfs', 'hsqs'),
  sign('squashfs', 'sqsh'),
  sign('disk', 'conectix'),
  sign('disk', 'vhdxfile'),
  sign('disk', 'KDMV'),
  sign('disk', 'QFI\xfb'),
  sign('disk', '\xeb', 0, isBootSector),
  sign(
    'arc',
    '\x1a',
    0,
    octets => octets.length > 29 && octets[1]! >= 1 && octets[1]! <= 9 && isDosName(octets, 2),
  ),
  sign('zoo', 'ZOO '),
  sign('freeze', '\x1f\x9f'),
  sign('freeze', '\x1f\x9e'),
  sign('lrzip', 'LRZI'),
  sign('ace', '**ACE**', 7),
  sign('stuffit', 'SIT!'),
  sign('stuffit', 'StuffIt ('),
  sign('alz', 'ALZ\x01'),
  sign('bzip', 'BZ0'),
  sign('grzip', 'GRZipII\0'),
]

/** By the octet that they stand on at 0; those that begin later are in every list. */
const BY_FIRST: readonly (readonly Signature[])[] = Array.from({length: 256}, (_, octet) =>
  SIGNATURES.filter(({at, magic}) => at > 0 || magic[0] === octet),
)

const ISO_AT = 0x8001
const EXE_TYPES: ReadonlySet<string> = new Set(['exe', 'exe-ms', 'exe-unix'])

/**
 * How to open a part, if it is anything to open.
 * @param octets all of it, or the beginning of a large one
 * @param shortTypes what it is by file(1)
 * @param isWhole whether that is all; otherwise whoever opens it has to look for an archive within
 */
export function openingOf(
  octets: Buffer,
  shortTypes: readonly string[],
  isWhole = true,
): Opening | undefined {
  if (octets.length < 8) return undefined
  const first = octets[0]!
  for (const {format, magic, at, isLikely} of BY_FIRST[first]!) {
    if (matches(octets, magic, at) && (isLikely?.(octets) ?? true)) return {format, start: 0, isGuess: false}
  }
  if (octets.length > ISO_AT + 5) {
    const mark = octets.toString('latin1', ISO_AT, ISO_AT + 5)
    if (mark === 'CD001' || mark === 'BEA01') return {format: 'iso', start: 0, isGuess: false}
  }
  if (octets.length > 512) {
    if (octets[257] === 0x75 && octets.toString('latin1', 257, 262) === 'ustar') return opened('tar')
    if (shortTypes.includes('tar')) return opened('tar')
    if (octets.toString('latin1', octets.length - 512, octets.length - 504) === 'conectix')
      return opened('disk')
  }
  if (shortTypes.includes('zip')) return opened('zip')
  if (shortTypes.includes('uue')) return opened('uuencode')
  if (shortTypes.includes('hqx')) return opened('binhex')
  if (TEXT_TYPES.has(shortTypes[0] ?? '')) return undefined
  const isProgram = shortTypes.some(type => EXE_TYPES.has(type))
  if (!isWhole) return {format: isProgram ? 'program' : 'anything', start: 0, isGuess: true}
  return openingWithin(bufferSource(octets), isProgram)
}

function opened(format: Format): Opening {
  return {format, start: 0, isGuess: false}
}

function matches(octets: Buffer, magic: Buffer, at: number): boolean {
  for (let i = 0; i < magic.length; i++) if (octets[at + i] !== magic[i]) return false
  return true
}

const BEHIND_PROGRAM: readonly Signature[] = [
  sign('rar', 'Rar!\x1a\x07'),
  sign('7z', '7z\xbc\xaf\x27\x1c'),
  sign('cab', 'MSCF\0\0\0\0'),
]
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1')
const ZIP_LOCAL = Buffer.from('PK\x03\x04', 'latin1')
const ZIP_TAIL_BYTES = 22 + 0xffff

const TEXT_TYPES: ReadonlySet<string> = new Set(['asc', 'txt', 'html'])

/**
 * An archive behind a program, or in its resources; or a zip file that ends where anything else does.
 * @param isProgram whether anything but a zip file is looked for
 */
export function openingWithin(source: Source, isProgram: boolean): Opening | undefined {
  const tailAt = Math.max(0, source.size - ZIP_TAIL_BYTES)
  const hasEnd = source.read(tailAt, ZIP_TAIL_BYTES).lastIndexOf(ZIP_END) >= 0
  if (hasEnd && find(source, ZIP_LOCAL, 0) >= 0) return {format: 'zip', start: 0, isGuess: true}
  if (!isProgram) return undefined
  let best: Opening | undefined
  for (const {format, magic} of BEHIND_PROGRAM) {
    const start = find(source, magic, 64, best?.start)
    if (start > 0) best = {format, start, isGuess: true}
  }
  if (best) return best
  const arj = indexOfArj(source)
  return arj < 0 ? undefined : {format: 'arj', start: arj, isGuess: true}
}

const ARJ_MAGIC = Buffer.from([0x60, 0xea])

/** Where a header of ARJ stands with its plausible size; a few places are tried. */
function indexOfArj(source: Source): number {
  let at = find(source, ARJ_MAGIC, 64)
  for (let tries = 0; at >= 0 && tries < 256; tries++) {
    const header = source.read(at, 64)
    if (isArj(header) && header[10] === 2) return at
    at = find(source, ARJ_MAGIC, at + 2)
  }
  return -1
}

function isArj(octets: Buffer): boolean {
  const size = octets.length > 10 ? octets.readUInt16LE(2) : 0
  return size >= 30 && size <= 2600 && octets[4]! >= 30 && octets[4]! <= 64 && octets[6]! <= 51
}

/** A mode that is one, and a name that may be one. */
function isOldCpio(octets: Buffer): boolean {
  if (octets.length < 28) return false
  const isLittle = octets[0] === 0xc7
  const short = (at: number) => (isLittle ? octets.readUInt16LE(at) : octets.readUInt16BE(at))
  const type = short(6) >> 12
  return [1, 2, 4, 6, 8, 10, 12, 0].includes(type) && short(20) > 1 && short(20) <= 4096
}

/** As file(1) tells it: default properties, a dictionary of a power of two, a size that is none or not absurd. */
function isLzma(octets: Buffer): boolean {
  if (octets.length < 14 || octets[13] !== 0) return false
  const dictionary = octets.readUInt32LE(1)
  const high = octets.readUInt32LE(9)
  const isPower = (dictionary & (dictionary - 1)) === 0 || (dictionary & (dictionary + 0x10000)) === 0
  return dictionary >= 4096 && isPower && (high === 0xffffffff || high < 256)
}

function isSkippableZstd(octets: Buffer): boolean {
  const size = octets.length >= 12 ? octets.readUInt32LE(4) : 0
  return (
    (octets[0]! & 0xf0) === 0x50 &&
    size + 12 <= octets.length &&
    [0xfd2fb528, 0x184d2204].includes(octets.readUInt32LE(size + 8))
  )
}

/** A volume with a file system of Windows or DOS on it. */
function isBootSector(octets: Buffer): boolean {
  if (octets.length < 512 || octets.readUInt16LE(510) !== 0xaa55) return false
  const words = octets.toString('latin1', 3, 90)
  return /^NTFS {4}|^EXFAT {3}|FAT12 {3}|FAT16 {3}|FAT32 {3}/.test(words)
}

/** A name of DOS, ended by a NUL, within 13 octets. */
function isDosName(octets: Buffer, at: number): boolean {
  return /^[!-~]{1,12}\0/.test(octets.toString('latin1', at, at + 13))
}
