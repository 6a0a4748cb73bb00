/**
 * segments — the files of a recording, and reading them.
 *
 * A recording is a folder of segments, `bus-<Unix ms of its first record>.jsonl`, or one such file under any
 * name. Lines that are no records are passed over, and so is a line that never ended.
 */
import {createReadStream} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import path from 'node:path'
import {AmavisError, errorText} from '../../errors.ts'
import {type BusRecord, parseRecord} from './record.ts'

export interface Segment {
  readonly file: string
  /** Unix ms; nothing in it is older. 0 for a file of another name */
  readonly startMs: number
  readonly bytes: number
}

const NAME = /^bus-(\d{13})\.jsonl$/
const LONGEST_LINE_BYTES = 8 * 1024 * 1024
const LINE_FEED = 0x0a

export function segmentFile(folder: string, startMs: number): string {
  return path.join(folder, `bus-${String(Math.floor(startMs)).padStart(13, '0')}.jsonl`)
}

/** The segments of a folder, oldest first; whatever else lies there is not looked at. */
export async function segmentsIn(folder: string): Promise<readonly Segment[]> {
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).sort()) {
    const match = NAME.exec(name)
    if (!match) continue
    const file = path.join(folder, name)
    const found = await stat(file).catch(() => undefined) // a ring may be removing it just now
    if (found?.isFile()) segments.push({file, startMs: Number(match[1]), bytes: found.size})
  }
  return segments
}

/**
 * The segments of a recording, oldest first, never none.
 * @throws AmavisError AM_USAGE when there is no recording at this path, or it cannot be read
 */
export async function segmentsAt(recording: string): Promise<readonly [Segment, ...Segment[]]> {
  let segments: readonly Segment[]
  try {
    const found = await stat(recording)
    if (found.isDirectory()) segments = await segmentsIn(recording)
    else segments = found.isFile() ? [{file: recording, startMs: 0, bytes: found.size}] : []
  } catch (error) {
    throw new AmavisError('AM_USAGE', `cannot read the recording ${recording}: ${errorText(error)}`, {
      cause: error,
    })
  }
  const [first, ...rest] = segments
  if (!first) throw new AmavisError('AM_USAGE', `there is no recording at ${recording}`)
  return [first, ...rest]
}

/** From the segment that covers a moment to the last one. */
export function segmentsFrom(
  segments: readonly [Segment, ...Segment[]],
  timeMs: number,
): readonly [Segment, ...Segment[]] {
  const from = Math.max(
    0,
    segments.findLastIndex(({startMs}) => startMs <= timeMs),
  )
  const [first = segments[0], ...rest] = segments.slice(from)
  return [first, ...rest]
}

/** The records of segments in their order; a segment that has gone or cannot be read has none. */
export async function* readRecords(segments: Iterable<Segment>): AsyncGenerator<BusRecord> {
  for (const {file} of segments) {
    try {
      for await (const line of lines(createReadStream(file))) {
        const record = parseRecord(line)
        if (record) yield record
      }
    } catch {
      // the ring removed it, or the disk is bad: what is left is still worth seeing
    }
  }
}

/** Whole lines of bounded length. */
async function* lines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let kept: Buffer[] = []
  let keptBytes = 0
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const tail = chunk.subarray(start, end)
      if (keptBytes + tail.length <= LONGEST_LINE_BYTES) yield Buffer.concat([...kept, tail]).toString()
      kept = []
      keptBytes = 0
      start = end + 1
    }
    const rest = chunk.subarray(start)
    keptBytes += rest.length
    // of a line that is too long only the length goes on
    if (keptBytes <= LONGEST_LINE_BYTES) kept.push(rest)
    else kept = []
  }
}
