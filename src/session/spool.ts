/**
 * spool — the child's folder for mails that are too large for memory, and for evidence.
 *
 * `$TEMPBASE/amavis-<YYYYMMDDThhmmss>-<pid>-<8 random>` with `email.txt` in it (spec/daemon, Temp
 * directory). Made when first needed, used again for later mails, removed when the child ends. A folder
 * that is preserved is left behind with a file `<folder>.reason` beside it, and the next mail gets a new
 * one; whoever sweeps $TEMPBASE keeps a folder that has such a file.
 */
import {randomBytes} from 'node:crypto'
import {constants} from 'node:fs'
import {type FileHandle, mkdir, open, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {AmavisError, errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {Octets} from '../message/octets.ts'

/** Ends the name of the file that says why the folder beside it was kept. */
export const REASON_SUFFIX = '.reason'

/** A work folder's name: local time, process id, and something that no one can guess. */
export function folderName(at: Date, pid: number, random = randomBytes(6).toString('base64url')): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  return `amavis-${day}T${time}-${String(pid).padStart(5, '0')}-${random}`
}

export interface SpoolOptions {
  /** $TEMPBASE */
  readonly base: string
  readonly log: Log
  /** $allow_preserving_evidence */
  readonly preserving?: boolean
  readonly pid?: number
  readonly clock?: () => number
}

export class Spool {
  readonly #base: string
  readonly #log: Log
  readonly #preserving: boolean
  readonly #pid: number
  readonly #clock: () => number
  #folder: Promise<string> | undefined
  /** where members of archives may be */
  #parts: string | undefined
  /** done when no removal is under way: the next mail's file has the same name */
  #removed: Promise<void> = Promise.resolve()

  constructor({base, log, preserving = true, pid = process.pid, clock = Date.now}: SpoolOptions) {
    this.#base = base
    this.#log = log
    this.#preserving = preserving
    this.#pid = pid
    this.#clock = clock
  }

  /**
   * The folder, made if there is none.
   * @throws AmavisError AM_STORAGE
   */
  folder(): Promise<string> {
    this.#folder ??= this.#make()
    return this.#folder
  }

  async #make(): Promise<string> {
    const folder = path.join(this.#base, folderName(new Date(this.#clock()), this.#pid))
    try {
      await mkdir(folder, {mode: 0o750})
    } catch (cause) {
      this.#folder = undefined
      throw new AmavisError('AM_STORAGE', `cannot make ${folder}: ${errorText(cause)}`, {cause})
    }
    return folder
  }

  /**
   * An empty `email.txt` to write a mail to. A folder that has vanished is made again.
   * @throws AmavisError AM_STORAGE
   */
  async createMail(): Promise<SpoolFile> {
    await this.#removed
    try {
      return await SpoolFile.create(path.join(await this.folder(), 'email.txt'))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw storage(cause)
    }
    this.#folder = undefined
    try {
      return await SpoolFile.create(path.join(await this.folder(), 'email.txt'))
    } catch (cause) {
      throw storage(cause)
    }
  }

  /**
   * Leave the folder to be looked at, with this mail in it and the reason beside it. Never rejects.
   * @returns the folder; undefined where nothing is to be kept or could be
   */
  async preserve(reason: string, mail?: Octets): Promise<string | undefined> {
    if (!this.#preserving) return undefined
    try {
      const folder = await this.folder()
      // First of all: from now on nobody sweeps it.
      await writeFile(folder + REASON_SUFFIX, `${reason}\n`, {mode: 0o640})
      this.#folder = undefined
      this.#log.write(-1, `PRESERVING EVIDENCE in ${folder}`)
      if (mail?.memory) await writeWhole(path.join(folder, 'email.txt'), mail.memory)
      return folder
    } catch (error) {
      this.#log.write(-2, `cannot preserve evidence: ${errorText(error)}`)
      return undefined
    }
  }

  /** The folder for what is unpacked out of the mail in hand; whoever writes to it makes it. */
  async partsFolder(): Promise<string> {
    // The parts of the mail before it stood there, too.
    await this.#removed
    const parts = path.join(await this.folder(), 'parts')
    this.#parts = parts
    return parts
  }

  /** A mail is done with: its file and its parts go, unless they were preserved. */
  release(mail: Octets): void {
    const file = mail.path
    const folder = this.#folder
    const parts = this.#parts
    this.#parts = undefined
    if (parts !== undefined && folder !== undefined) {
      this.#remove(async () => {
        if (path.dirname(parts) === (await folder)) await rm(parts, {recursive: true, force: true})
      })
    }
    if (file === undefined || folder === undefined) return
    this.#remove(async () => {
      if (path.dirname(file) === (await folder)) await rm(file, {force: true})
    })
  }

  /** A mail that will not be read to its end: what is queued is written or not. */
  discard(opening: Promise<SpoolFile>): void {
    this.#remove(async () => {
      const file = await opening
      await file.finish().catch(() => {})
      await rm(file.path, {force: true})
    })
  }

  #remove(work: () => Promise<void>): void {
    this.#removed = this.#removed.then(work).catch(() => {})
  }

  /** Remove the folder, if there is one that was not preserved. */
  async close(): Promise<void> {
    await this.#removed
    const folder = this.#folder
    this.#folder = undefined
    if (folder) await folder.then(name => rm(name, {recursive: true, force: true})).catch(() => {})
  }
}

/** All of it, or no file. */
async function writeWhole(file: string, octets: Buffer): Promise<void> {
  try {
    await writeFile(file, octets, {mode: 0o640})
  } catch (error) {
    await rm(file, {force: true}).catch(() => {})
    throw error
  }
}

function storage(cause: unknown): AmavisError {
  if (cause instanceof AmavisError) return cause
  return new AmavisError('AM_STORAGE', `cannot write the mail: ${errorText(cause)}`, {cause})
}

/** One mail being written to a file, in order, with the number of octets that wait. */
export class SpoolFile {
  readonly path: string
  readonly #handle: FileHandle
  #work: Promise<void> = Promise.resolve()
  #waiting = 0
  #size = 0
  #failure: AmavisError | undefined

  private constructor(file: string, handle: FileHandle) {
    this.path = file
    this.#handle = handle
  }

  /** Never through a symbolic link, and never a file that someone else has put there. */
  static async create(file: string): Promise<SpoolFile> {
    await rm(file, {force: true})
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
    return new SpoolFile(file, await open(file, flags, 0o640))
  }

  /** octets handed over and not yet in the file */
  get waiting(): number {
    return this.#waiting
  }

  /** Queue these octets; resolves when they are written. A failure shows in `finish`. */
  write(pieces: readonly Buffer[]): Promise<void> {
    let octets = 0
    for (const piece of pieces) octets += piece.length
    this.#waiting += octets
    this.#size += octets
    this.#work = this.#work.then(async () => {
      try {
        if (this.#failure === undefined && octets > 0) await writeFully(this.#handle, pieces)
      } catch (error) {
        this.#failure = storage(error)
      } finally {
        this.#waiting -= octets
      }
    })
    return this.#work
  }

  /**
   * Wait for all writes and close.
   * @throws AmavisError AM_STORAGE when something could not be written; the file is gone then: a full disk needs its room
   */
  async finish(): Promise<Octets> {
    await this.#work
    await this.#handle.close().catch(error => (this.#failure ??= storage(error)))
    if (this.#failure) {
      await rm(this.path, {force: true}).catch(() => {})
      throw this.#failure
    }
    return {size: this.#size, memory: undefined, path: this.path}
  }
}

/** writev may write less than it was given. */
async function writeFully(handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let left = pieces.filter(piece => piece.length > 0)
  while (left.length > 0) {
    const batch = left.slice(0, 512)
    let {bytesWritten} = await handle.writev(batch)
    let whole = 0
    while (whole < batch.length && bytesWritten >= batch[whole]!.length)
      bytesWritten -= batch[whole++]!.length
    left = left.slice(whole)
    if (bytesWritten > 0 && left[0]) left[0] = left[0].subarray(bytesWritten)
  }
}
