/**
 * local — stores a copy of a mail on this machine: a file in a folder, or an entry of an mbox file.
 *
 * A copy counts as stored when its octets and its name are on the disk (both synced); only then may a
 * client be told 250 on its account.
 * Source: spec/daemon §7, spec/config §2.6, 2.7.
 * Diagnostics: failures are values with a reason for the log; nothing half-written remains after one.
 */

import {constants} from 'node:fs'
import {type FileHandle, mkdir, open, stat, unlink} from 'node:fs/promises'
import {dirname, join, relative} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import type {Scalar} from '../../config/value.ts'
import {errorText} from '../../errors.ts'
import {BodyDigest} from '../../message/body-digest.ts'
import {type Octets, readChunks} from '../../message/octets.ts'
import {foldItems} from '../edits/fold.ts'
import {fileNameOf, type Mailbox, mailboxOf, wantsBodyDigest} from './alias.ts'
import {withLf} from './line-ends.ts'
import {fromLine, quoteMbox} from './mbox.ts'
import {FILE_MODE, ignoreMissing, isErrno, syncFolder, writeNewFile} from './new-file.ts'

export interface LocalCopy {
  /** what follows `local:` in the method */
  readonly template: string
  /** quarantine addresses */
  readonly targets: readonly string[]
  /** fields to stand above the mail, CRLF; Return-Path and Delivered-To are added here. Octets where it has some of the mail's own */
  readonly head: string | Buffer
  readonly octets: Octets
  /** octets of the header section, for `%b` */
  readonly headerSize: number
  readonly sender: string
  readonly mailId: string
  readonly taskId: string
  readonly partition: string
  /** ms since the epoch */
  readonly at: number
}

export interface LocalStore {
  /** `$QUARANTINEDIR` */
  readonly quarantineDir: string | undefined
  /** `$quarantine_subdir_levels` */
  readonly subdirLevels: number
  /** `%local_delivery_aliases` */
  readonly aliases: ReadonlyMap<string, Scalar>
  /** how long to wait for the lock of an mbox file */
  readonly lockTimeoutMs?: number
}

/** F a file, Z a compressed one, M a mailbox (spec/daemon §7, type letters). */
export type QuarantineLetter = 'F' | 'Z' | 'M'

export type Stored =
  /** `locations` are relative to the quarantine folder, as the log names them; none: nowhere to store by policy */
  | {
      readonly kind: 'stored'
      readonly locations: readonly string[]
      readonly letter: QuarantineLetter | undefined
    }
  | {readonly kind: 'failed'; readonly reason: string}

const DIRECTORY_MODE = 0o750
/** A lock of an mbox file that is older than this is nobody's. */
const STALE_LOCK_MS = 10 * 60_000
const LOCK_POLL_MS = 50

/** Store one copy under each of its targets; the first failure ends it. */
export async function storeLocally(copy: LocalCopy, store: LocalStore): Promise<Stored> {
  const locations: string[] = []
  const done = new Set<string>()
  let letter: QuarantineLetter | undefined
  for (const target of copy.targets) {
    const mailbox = mailboxOf(target, store.aliases, store.quarantineDir, copy.sender)
    if (!mailbox) continue
    const head = Buffer.concat([
      Buffer.from(foldItems('Return-Path', [`<${copy.sender}>`]) + foldItems('Delivered-To', [target])),
      typeof copy.head === 'string' ? Buffer.from(copy.head) : copy.head,
    ])
    try {
      const place = await placeOf(mailbox, copy, store)
      if (done.has(place.path)) continue
      done.add(place.path)
      if (place.kind === 'file') await storeFile(place.path, head, copy.octets)
      else await appendMbox(place.path, head, copy, store.lockTimeoutMs ?? 10_000)
      letter = place.kind === 'mbox' ? 'M' : place.path.endsWith('.gz') ? 'Z' : 'F'
      locations.push(locationOf(place.path, store.quarantineDir))
    } catch (error) {
      return {kind: 'failed', reason: `Local delivery to ${target} failed: ${errorText(error)}`}
    }
  }
  return {kind: 'stored', locations, letter}
}

async function placeOf(
  mailbox: Mailbox,
  copy: LocalCopy,
  store: LocalStore,
): Promise<{readonly kind: 'file' | 'mbox'; readonly path: string}> {
  const found = await stat(mailbox.path).catch(ignoreMissing)
  if (!found?.isDirectory()) return {kind: 'mbox', path: mailbox.path}
  const template = mailbox.template ?? copy.template
  const bodyDigest = wantsBodyDigest(template) ? await digestBody(copy) : ''
  const name = fileNameOf(template, {...copy, bodyDigest})
  if (store.subdirLevels < 1 || mailbox.template !== undefined) {
    return {kind: 'file', path: join(mailbox.path, name)}
  }
  const folder = join(mailbox.path, copy.mailId.slice(0, 1))
  await mkdir(folder, {mode: DIRECTORY_MODE}).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return {kind: 'file', path: join(folder, name)}
}

async function storeFile(path: string, head: Buffer, octets: Octets): Promise<void> {
  const source = withLf(headAndOctets(head, octets))
  await writeNewFile(path, path.endsWith('.gz') ? await compressed(source) : source)
}

async function appendMbox(path: string, head: Buffer, copy: LocalCopy, timeoutMs: number): Promise<void> {
  const lock = `${path}.lock`
  await takeLock(lock, timeoutMs)
  try {
    const {O_APPEND, O_CREAT, O_WRONLY} = constants
    await using file = await open(path, O_APPEND | O_CREAT | O_WRONLY, FILE_MODE)
    const found = await file.stat()
    try {
      await file.writeFile(mboxEntry(head, copy))
      await file.sync()
    } catch (error) {
      if (found.isFile()) await file.truncate(found.size)
      throw error
    }
    if (found.size === 0) await syncFolder(dirname(path))
  } finally {
    await unlink(lock).catch(() => {})
  }
}

async function* mboxEntry(head: Buffer, {sender, at, octets}: LocalCopy): AsyncIterable<Buffer> {
  yield Buffer.from(fromLine(sender, at))
  yield* quoteMbox(withLf(headAndOctets(head, octets)))
}

/** A dot lock, as other readers of mbox files know it; node has no flock. */
async function takeLock(lock: string, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs
  for (;;) {
    let file: FileHandle
    try {
      file = await open(lock, 'wx', FILE_MODE)
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
      const held = await stat(lock).catch(ignoreMissing)
      if (held && Date.now() - held.mtimeMs > STALE_LOCK_MS) await unlink(lock).catch(() => {})
      else if (Date.now() >= until) throw new Error(`${lock} is held by another process`)
      else await delay(LOCK_POLL_MS)
      continue
    }
    await file.close()
    return
  }
}

async function* headAndOctets(head: Buffer, octets: Octets): AsyncIterable<Buffer> {
  yield head
  yield* readChunks(octets)
}

async function compressed(source: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const [{createGzip}, {pipeline}] = await Promise.all([import('node:zlib'), import('node:stream')])
  const gzip = createGzip()
  // A failing source destroys gzip with its error, and so reaches whoever reads it.
  pipeline(source, gzip, () => {})
  return gzip
}

/** Of the body as received. */
async function digestBody({octets, headerSize}: LocalCopy): Promise<string> {
  const digest = new BodyDigest()
  let skip = headerSize
  for await (const chunk of readChunks(octets)) {
    if (skip < chunk.length) digest.update(chunk.subarray(skip))
    skip = Math.max(0, skip - chunk.length)
  }
  return digest.digest()
}

function locationOf(path: string, quarantineDir: string | undefined): string {
  const name = quarantineDir ? relative(quarantineDir, path) : path
  return name.startsWith('..') ? path : name
}
