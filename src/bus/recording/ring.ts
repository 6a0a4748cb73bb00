/**
 * ring — a recording of bounded size: segments are only ever appended to, and the oldest ones removed.
 *
 * Who writes to whom is in it, so it is readable by its owner only.
 *
 * A new process begins a new segment, so a line that a crash has torn stays the last of its file. What is put
 * gathers in memory and is written once a second; when the disk cannot keep up or is full, records are
 * dropped and counted, and nobody waits.
 */
import {type FileHandle, mkdir, open, rm} from 'node:fs/promises'
import {type BusRecord, formatRecord} from './record.ts'
import {segmentFile, segmentsIn} from './segments.ts'

/** A ring of so many segments loses at most this part of its age at once. */
const SEGMENTS = 8
const MOST_PENDING_BYTES = 4 * 1024 * 1024
export const LEAST_RING_BYTES = 64 * 1024

export interface RingOptions {
  readonly folder: string
  /** of all segments together, at least LEAST_RING_BYTES */
  readonly maxBytes: number
  /** the counters as frames, to stand at the beginning of a segment */
  readonly state?: () => readonly string[]
}

export class Ring {
  readonly #options: RingOptions
  readonly #segmentBytes: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  #handle: FileHandle | undefined
  #handleBytes = 0
  #file: string | undefined
  /** nothing but the state was written to the file */
  #isEmpty = true
  #flushing: Promise<void> = Promise.resolve()
  #dropped = 0

  constructor(options: RingOptions) {
    this.#options = options
    this.#segmentBytes = Math.floor(Math.max(options.maxBytes, LEAST_RING_BYTES) / SEGMENTS)
  }

  /** Records that were not written so far. */
  get dropped(): number {
    return this.#dropped
  }

  put(record: BusRecord): void {
    const line = Buffer.from(formatRecord(record))
    if (line.length > this.#segmentBytes || this.#pendingBytes + line.length > MOST_PENDING_BYTES) {
      this.#dropped++
      return
    }
    this.#pending.push(line)
    this.#pendingBytes += line.length
  }

  /**
   * Write what was put.
   * @throws when the folder cannot be written to; what was to be written is dropped then
   */
  flush(nowMs: number): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#write(nowMs))
    return this.#flushing
  }

  async close(nowMs: number): Promise<void> {
    try {
      await this.flush(nowMs)
    } finally {
      await this.#end()
    }
  }

  async #write(nowMs: number): Promise<void> {
    const lines = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    let written = 0
    try {
      if (lines.length > 0 && (await this.#isGone())) await this.#end()
      while (written < lines.length) {
        const room = this.#segmentBytes - this.#handleBytes
        const fitting = countFitting(lines, written, room)
        if (this.#handle === undefined || fitting === 0) {
          await this.#begin(nowMs)
          if (fitting === 0 && countFitting(lines, written, this.#segmentBytes - this.#handleBytes) === 0) {
            written++ // beside the state there is no room for it
            this.#dropped++
          }
          continue
        }
        const part = Buffer.concat(lines.slice(written, written + fitting))
        await this.#append(this.#handle, part)
        this.#isEmpty = false
        written += fitting
      }
    } catch (error) {
      this.#dropped += lines.length - written
      await this.#end()
      // on a full disk there is one more at each attempt
      if (this.#isEmpty && this.#file !== undefined) await rm(this.#file, {force: true}).catch(() => {})
      throw error
    }
  }

  /** The next segment; older ones make room for a whole one. */
  async #begin(nowMs: number): Promise<void> {
    await this.#end()
    const {folder, maxBytes, state} = this.#options
    await mkdir(folder, {recursive: true, mode: 0o700})
    const segments = await segmentsIn(folder)
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
    for (const segment of segments) {
      if (bytes + this.#segmentBytes <= Math.max(maxBytes, LEAST_RING_BYTES)) break
      await rm(segment.file, {force: true})
      bytes -= segment.bytes
    }
    const last = segments.at(-1)?.startMs ?? 0
    const startMs = Math.max(Math.floor(nowMs), last + 1) // names keep their order when the clock is set back
    const file = segmentFile(folder, startMs)
    this.#handle = await open(file, 'wx', 0o600)
    this.#handleBytes = 0
    this.#isEmpty = true
    this.#file = file
    const frames = state?.() ?? []
    if (frames.length === 0) return
    const line = Buffer.from(formatRecord({timeMs: nowMs, frames, state: true}))
    if (line.length > this.#segmentBytes / 2) return
    await this.#append(this.#handle, line)
  }

  async #append(handle: FileHandle, octets: Buffer): Promise<void> {
    await handle.appendFile(octets)
    this.#handleBytes += octets.length
  }

  /** Whether somebody has removed the segment that is being written to. */
  async #isGone(): Promise<boolean> {
    return this.#handle !== undefined && (await this.#handle.stat()).nlink === 0
  }

  async #end(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#handleBytes = 0
    await handle?.close()
  }
}

/** How many lines from one on fit into so many octets. */
function countFitting(lines: readonly Buffer[], from: number, bytes: number): number {
  let left = bytes
  let to = from
  for (let line = lines[to]; line !== undefined && line.length <= left; line = lines[++to])
    left -= line.length
  return to - from
}
