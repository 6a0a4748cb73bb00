/**
 * magic — what octets are, by how they begin, in the words of file(1).
 *
 * A small table of our own: the formats that banned rules and decoders know by name. A decoder process with
 * libmagic says more of the rest; its texts then go the same way (short-types.ts).
 */
import {dosProgram, elfProgram} from './executable-type.ts'
import {textType} from './text-type.ts'
import {zipType} from './zip-type.ts'

type Describe = string | ((content: Buffer) => string | undefined)

interface Signature {
  readonly octets: Buffer
  readonly full: Describe
}

const signature = (octets: string, full: Describe): Signature => ({
  octets: Buffer.from(octets, 'latin1'),
  full,
})

/** Signatures at the very beginning. */
const AT_START: readonly Signature[] = [
  signature('MZ', unlessText(dosProgram)),
  signature('ZM', unlessText('MS-DOS executable')),
  signature('\x7fELF', elfProgram),
  signature('\xca\xfe\xba\xbe', javaOrMach),
  signature('\xfe\xed\xfa\xce', 'Mach-O executable'),
  signature('\xfe\xed\xfa\xcf', 'Mach-O 64-bit executable'),
  signature('\xce\xfa\xed\xfe', 'Mach-O executable'),
  signature('\xcf\xfa\xed\xfe', 'Mach-O 64-bit executable'),
  signature('PK\x03\x04', zipType),
  signature('PK\x01\x02', 'Zip archive data, made by v2.0'),
  signature('PK\x05\x06', 'Zip archive data (empty)'),
  signature('PK\x07\x08', 'Zip archive data (spanned)'),
  signature('PK00PK\x03\x04', 'Zip archive data'),
  signature('Rar!\x1a\x07\x00', 'RAR archive data, v4'),
  signature('Rar!\x1a\x07\x01\x00', 'RAR archive data, v5'),
  signature('RE\x7e\x5e', 'RAR archive data (<v1.5)'),
  signature("7z\xbc\xaf'\x1c", '7-zip archive data, version 0.4'),
  signature('\x1f\x8b', 'gzip compressed data'),
  signature('\x1f\x9d', "compress'd data 16 bits"),
  signature('\x1f\x9f', 'frozen file 2.1'),
  signature('BZh', bzip2),
  signature('\xfd7zXZ\x00', 'XZ compressed data'),
  signature('LZIP', 'lzip compressed data, version: 1'),
  signature('LRZI', 'LRZIP compressed data'),
  signature('\x89LZO\x00\r\n\x1a\n', 'lzop compressed data'),
  signature('\x04"M\x18', 'LZ4 compressed data (v1.4+)'),
  signature('\x02!L\x18', 'LZ4 compressed data (v0.1-v0.9)'),
  signature('\x28\xb5\x2f\xfd', 'Zstandard compressed data (v0.8+)'),
  signature('\x5d\x00\x00', lzma),
  signature('%PDF-', pdf),
  signature('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'Composite Document File V2 Document, Little Endian'),
  signature('\x89PNG\r\n\x1a\n', 'PNG image data'),
  signature('\xff\xd8\xff', 'JPEG image data'),
  signature('GIF8', 'GIF image data, version 8'),
  signature('II*\x00', 'TIFF image data, little-endian'),
  signature('MM\x00*', 'TIFF image data, big-endian'),
  signature('BM', bitmap),
  signature('FWS', flash),
  signature('CWS', flash),
  signature('ZWS', flash),
  signature('MSCF\x00\x00\x00\x00', 'Microsoft Cabinet archive data'),
  signature('ISc(', 'InstallShield CAB'),
  signature('\x78\x9f\x3e\x22', 'Transport Neutral Encapsulation Format (TNEF)'),
  signature('\x60\xea', 'ARJ archive data'),
  signature('\xed\xab\xee\xdb', 'RPM v3.0 bin'),
  signature('!<arch>\ndebian', 'Debian binary package (format 2.0)'),
  signature('!<arch>\n', 'current ar archive'),
  signature('070701', unlessText('ASCII cpio archive (SVR4 with no CRC)')),
  signature('070702', unlessText('ASCII cpio archive (SVR4 with CRC)')),
  signature('070707', unlessText('ASCII cpio archive (pre-SVR4 or odc)')),
  signature('\xc7\x71', 'cpio archive'),
  signature('\x71\xc7', 'byte-swapped cpio archive'),
  signature('RIFF', riff),
  signature('OggS', 'Ogg data'),
  signature('fLaC', 'FLAC audio bitstream data'),
  signature('ID3', unlessText('Audio file with ID3 version 2')),
  signature('\xff\xfb', 'MPEG ADTS, layer III, v1'),
  signature('\x1a\x45\xdf\xa3', 'Matroska data'),
  signature('\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'Microsoft ASF'),
  signature('\x00\x00\x01\xba', 'MPEG sequence, v2, program multiplex'),
  signature('\x00\x00\x01\xb3', 'MPEG sequence'),
  signature('ITSF', 'MS Windows HtmlHelp Data'),
  signature('L\x00\x00\x00\x01\x14\x02\x00', 'MS Windows shortcut'),
  signature('\xd7\xcd\xc6\x9a', 'ms-windows metafont .wmf'),
  signature('\xde\x12\x04\x95', 'GNU message catalog (little endian)'),
  signature('\x85\x01', 'PGP RSA encrypted session key'),
  // The standard test string of virus scanners; only its first octets, lest this file be taken for it.
  signature('X5O!P%@AP', 'EICAR virus test files'),
]

/** Signatures further down: offset, octets. */
const FURTHER: readonly (readonly [offset: number, Signature])[] = [
  [2, signature('-lh', 'LHa (2.x) archive data')],
  [2, signature('-lz', 'LHarc 1.x/ARX archive data')],
  [4, signature('ftyp', isoMedia)],
  [7, signature('**ACE**', 'ACE archive data')],
  [20, signature('\xdc\xa7\xc4\xfd', 'Zoo archive data')],
  [257, signature('ustar\x00', 'POSIX tar archive')],
  [257, signature('ustar  \x00', 'POSIX tar archive (GNU)')],
  [32769, signature('CD001', 'ISO 9660 CD-ROM filesystem data')],
]

const BY_FIRST_OCTET: ReadonlyMap<number | undefined, readonly Signature[]> = Map.groupBy(
  // The longer of two that begin alike is the better answer.
  [...AT_START].sort((a, b) => b.octets.length - a.octets.length),
  ({octets}) => octets[0],
)

/** What the content is: `empty`, `PDF document, version 1.4`, `ASCII text`, `data` when nobody knows. */
export function fullType(content: Buffer): string {
  if (content.length === 0) return 'empty'
  for (const candidate of BY_FIRST_OCTET.get(content[0]) ?? []) {
    const full = describe(candidate, content, 0)
    if (full !== undefined) return full
  }
  for (const [offset, candidate] of FURTHER) {
    const full = describe(candidate, content, offset)
    if (full !== undefined) return full
  }
  return textType(content) ?? oldTar(content) ?? prefixedZip(content) ?? 'data'
}

function describe({octets, full}: Signature, content: Buffer, offset: number): string | undefined {
  for (let i = 0; i < octets.length; i++) if (content[offset + i] !== octets[i]) return undefined
  return typeof full === 'string' ? full : full(content)
}

/** For letters that a text may begin with as well. */
function unlessText(full: Describe): (content: Buffer) => string | undefined {
  return content => {
    if (textType(content) !== undefined) return undefined
    return typeof full === 'string' ? full : full(content)
  }
}

/** An archive from before POSIX has no signature, only the checksum of its first header. */
function oldTar(content: Buffer): string | undefined {
  if (content.length < 512) return undefined
  const text = content.toString('latin1', 148, 156)
  if (!/^ *[0-7]+[ \0]/.test(text)) return undefined
  let sum = 8 * 32 // the checksum itself counts as blanks
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += content[i]!
  return sum === Number.parseInt(text, 8) ? 'tar archive' : undefined
}

/** The end record of a zip is found from the end, whatever stands before the archive. */
function prefixedZip(content: Buffer): string | undefined {
  const tail = content.subarray(Math.max(0, content.length - 65_557))
  return tail.includes('PK\x05\x06', 0, 'latin1') ? 'Zip archive, with extra data prepended' : undefined
}

/** Java's classes and fat binaries begin alike; no class has so small a version. */
function javaOrMach(content: Buffer): string | undefined {
  if (content.length < 8) return undefined
  const version = content.readUInt16BE(6)
  if (version < 43) return 'Mach-O universal binary, executable'
  return `compiled Java class data, version ${version}.${content.readUInt16BE(4)}`
}

function bzip2(content: Buffer): string | undefined {
  const size = content[3]! - 48
  return size >= 1 && size <= 9 ? `bzip2 compressed data, block size = ${size}00k` : undefined
}

/** A dictionary size that is a power of two, and a size that is not known or not absurd. */
function lzma(content: Buffer): string | undefined {
  if (content.length < 14) return undefined
  const dictionary = content.readUInt32LE(1)
  const high = content.readUInt32LE(9)
  const isPower = dictionary > 0 && (dictionary & (dictionary - 1)) === 0
  return isPower && (high === 0xffffffff || high < 256) ? 'LZMA compressed data' : undefined
}

function pdf(content: Buffer): string {
  return `PDF document, version ${content.toString('latin1', 5, 8).replace(/[^\d.]/g, '')}`
}

function bitmap(content: Buffer): string | undefined {
  if (content.length < 18) return undefined
  return [12, 40, 52, 56, 64, 108, 124].includes(content.readUInt32LE(14)) ? 'PC bitmap' : undefined
}

function flash(content: Buffer): string | undefined {
  const version = content[3] ?? 0
  return version > 0 && version < 60 ? `Macromedia Flash data, version ${version}` : undefined
}

function riff(content: Buffer): string {
  const form = content.toString('latin1', 8, 12)
  const kind = {WAVE: 'WAVE audio', 'AVI ': 'AVI', ACON: 'animated cursor', WEBP: 'Web/P image'}[form]
  return `RIFF (little-endian) data${kind === undefined ? '' : `, ${kind}`}`
}

function isoMedia(content: Buffer): string {
  const brand = content.toString('latin1', 8, 12)
  if (/^(?:3gp|3g2)/.test(brand)) return 'ISO Media, MPEG v4 system, 3GPP'
  return 'ISO Media, MP4 Base Media v1'
}
