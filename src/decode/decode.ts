/**
 * decode — unpacks one leaf by the reader of its format. Runs in a decoder process.
 */
import {type Opening, openingWithin} from './format.ts'
import type {Decoded, DecodeLimits} from './member.ts'
import {readAr} from './readers/ar.ts'
import {readCpio} from './readers/cpio.ts'
import {readGzip} from './readers/gzip.ts'
import {readLz4} from './readers/lz4.ts'
import {readLzip} from './readers/lzip.ts'
import {readLzop} from './readers/lzop.ts'
import {readOle} from './readers/ole.ts'
import {readOnenote} from './readers/onenote.ts'
import {readRpm} from './readers/rpm.ts'
import {createSevenZip, type SevenZip} from './readers/seven-zip.ts'
import {readTar} from './readers/tar.ts'
import {readText} from './readers/text.ts'
import {readTnef} from './readers/tnef.ts'
import {readZip} from './readers/zip.ts'
import {readZstd} from './readers/zstd.ts'
import {problemOf, Sink} from './sink.ts'
import {type Source, sliceSource} from './source.ts'

type Reader = (source: Source, sink: Sink, sevenZip: SevenZip) => void | Promise<void>

/** 7-Zip opens this; `type` is its own name where it must not guess. */
const bySevenZip =
  (type?: string): Reader =>
  (source, sink, sevenZip) =>
    sevenZip.read(source, sink, type === undefined ? {} : {type})

const READERS: Readonly<Partial<Record<Opening['format'], Reader>>> = {
  zip: readZip,
  gzip: readGzip,
  tar: readTar,
  cpio: readCpio,
  ar: readAr,
  rpm: readRpm,
  zstd: readZstd,
  lz4: readLz4,
  lzop: readLzop,
  lzip: readLzip,
  tnef: readTnef,
  ole: readOle,
  onenote: readOnenote,
  uuencode: readText,
  binhex: readText,
  '7z': bySevenZip('7z'),
  rar: bySevenZip(),
  arj: bySevenZip('arj'),
  cab: bySevenZip('cab'),
  lha: bySevenZip('lzh'),
  iso: bySevenZip(),
  bzip2: bySevenZip('bzip2'),
  xz: bySevenZip('xz'),
  lzma: bySevenZip('lzma'),
  compress: bySevenZip('Z'),
  chm: bySevenZip('chm'),
  szdd: bySevenZip('mslz'),
  wim: bySevenZip('wim'),
  xar: bySevenZip('xar'),
  squashfs: bySevenZip('squashfs'),
  disk: bySevenZip(),
}

export interface DecodeOptions {
  readonly opening: Opening
  readonly limits: DecodeLimits
  readonly folder: string | undefined
  readonly fileName: (index: number) => string
}

export type Decode = (source: Source, options: DecodeOptions) => Promise<Decoded>

/** A decoder; what it loads for some formats, it keeps. */
export function createDecoder(sevenZip = createSevenZip()): Decode {
  return async (source, {opening, limits, folder, fileName}) => {
    const isUnknown = opening.format === 'program' || opening.format === 'anything'
    const found = isUnknown ? openingWithin(source, opening.format === 'program') : opening
    if (!found) return {members: [], problems: []}
    const {format, start, isGuess} = found
    const sink = new Sink({limits, folder, fileName, who: format})
    const reader = READERS[format]
    if (!reader) return sink.finish({kind: 'unsupported', reason: `no decoder for ${format}`})
    let decoded: Decoded
    try {
      await reader(start === 0 ? source : sliceSource(source, start), sink, sevenZip)
      decoded = sink.finish()
    } catch (error) {
      decoded = sink.finish(problemOf(error))
    }
    // What only looked like an archive is none.
    return isGuess && decoded.members.length === 0 ? {members: [], problems: []} : decoded
  }
}
