/**
 * inventory — what is in the quarantine folder, one file after the other: a million of them need no memory.
 *
 * Only regular files of the folder and of those below it; hidden ones are being written. Links are not followed. What
 * is not a mail of ours, such as an mbox file, is nobody's to list or to remove.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
} from 'node:fs'
import {type FileHandle, opendir} from 'node:fs/promises'
import path from 'node:path'
import {gunzipSync, constants as zlib} from 'node:zlib'
import {errorText} from '../../errors.ts'
import {fieldBody, isNamed} from '../../message/header.ts'
import {decodeText} from '../edits/encoded-word.ts'
import {readBsmtpEnvelope} from '../release/bsmtp.ts'
import {openBelow} from '../release/locate.ts'
import {readStored, type StoredMail} from '../release/stored.ts'
import {withCrlf} from './line-ends.ts'

/** A file by its outside. */
export interface QuarantineFile {
  /** below the folder */
  readonly name: string
  readonly size: number
  /** when it was written, ms since the epoch */
  readonly at: number
}

/** Folders below each other that are looked into. */
const DEEPEST = 3
const AT_ONCE = 256

/** In no order. `root` is a real path. */
export async function* quarantineFiles(root: string): AsyncIterable<QuarantineFile> {
  for await (const file of plainFiles(root)) if (!isHidden(file.name)) yield file
}

/** Files that a writer has left behind half done, as far as they are older than `before`. */
export async function* abandonedFiles(root: string, before: number): AsyncIterable<QuarantineFile> {
  for await (const file of plainFiles(root)) {
    if (file.at < before && /^\..*\.\d+\.partial$/.test(path.basename(file.name))) yield file
  }
}

async function* plainFiles(root: string, folder = '', depth = 0): AsyncIterable<QuarantineFile> {
  for await (const entry of await opendir(path.join(root, folder), {bufferSize: AT_ONCE})) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (depth < DEEPEST && !isHidden(name)) yield* plainFiles(root, name, depth + 1)
    } else if (isPlain(entry)) {
      const found = lstatSync(path.join(root, name), {throwIfNoEntry: false})
      if (found?.isFile()) yield {name, size: found.size, at: found.mtimeMs}
    }
  }
}

function isHidden(name: string): boolean {
  return path.basename(name).startsWith('.')
}

/** Not every file system says what an entry is; lstat does. */
function isPlain(entry: Dirent): boolean {
  return (
    entry.isFile() || !(entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket() || entry.isDirectory())
  )
}

export type QuarantineCategory =
  | 'virus'
  | 'banned'
  | 'unchecked'
  | 'spam'
  | 'bad-header'
  | 'clean'
  | 'archive'
  | 'other'

export const CATEGORIES: readonly QuarantineCategory[] = [
  'virus',
  'banned',
  'unchecked',
  'spam',
  'bad-header',
  'clean',
  'archive',
  'other',
]

/** A mail in quarantine by what stands above it. */
export interface QuarantineItem extends QuarantineFile {
  readonly stored: StoredMail
  readonly category: QuarantineCategory
  readonly from: string
  readonly subject: string
  /** as X-Spam-Status has it: `7` or `7..9`; '' for none */
  readonly score: string
}

export type ItemRead =
  | {readonly kind: 'item'; readonly item: QuarantineItem}
  /** not a mail of ours */
  | {readonly kind: 'other'}
  | {readonly kind: 'unreadable'; readonly reason: string}

/** Of a file, and of what it unpacks to; fields of ours and of most mails end well before. */
const HEAD_OCTETS = 64 * 1024
const PEEK_OCTETS = 1024
const START_OCTETS = 32
const MAIL_START =
  /^(?:Return-Path:|Delivered-To:|X-Envelope-From:|X-Quarantine-ID:|EHLO |HELO |LHLO |MAIL FROM:)/i

/**
 * Whether a file is a mail of ours, by its first octets. Waits for the disk: with a million files in a row each turn
 * of the event loop would cost more than what it waits for.
 */
export function isQuarantined(root: string, name: string): boolean {
  const file = pathBelow(root, name)
  if (file === undefined) return false
  let fd: number | undefined
  try {
    // a pipe must not keep us waiting
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if (!fstatSync(fd).isFile()) return false
    const buffer = Buffer.alloc(PEEK_OCTETS)
    const start = buffer.subarray(0, readSync(fd, buffer, 0, PEEK_OCTETS, 0))
    const head = isGzip(start) ? unpackedPeek(start) : start
    return MAIL_START.test(head.toString('latin1', 0, START_OCTETS))
  } catch {
    // what is damaged is for a person to look at
    return false
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The path of a file whose folder is below the root and no link; undefined for any other. */
function pathBelow(root: string, name: string): string | undefined {
  const file = path.join(root, name)
  const folder = path.dirname(file)
  try {
    return file.startsWith(`${root}/`) && realpathSync.native(folder) === folder ? file : undefined
  } catch {
    return undefined
  }
}

/** What a kibioctet can unpack to is a megaoctet at most. */
function unpackedPeek(start: Buffer): Buffer {
  return gunzipSync(start, {finishFlush: zlib.Z_SYNC_FLUSH})
}

export async function readItem(root: string, found: QuarantineFile): Promise<ItemRead> {
  const file = await openBelow(root, found.name)
  if (file === 'missing') return {kind: 'other'}
  if (file === 'refused') return {kind: 'unreadable', reason: 'permission denied'}
  try {
    const start = await readStart(file, HEAD_OCTETS)
    const head = isGzip(start) ? await unpackedStart(start) : start
    if (!MAIL_START.test(head.toString('latin1', 0, START_OCTETS))) return {kind: 'other'}
    const stored = await storedOf(head)
    return stored ? {kind: 'item', item: itemOf(found, stored)} : {kind: 'other'}
  } catch (error) {
    return {kind: 'unreadable', reason: errorText(error)}
  } finally {
    await file.close()
  }
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const {buffer, bytesRead} = await file.read(Buffer.alloc(length), 0, length, 0)
  return buffer.subarray(0, bytesRead)
}

function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

/** As much as is wanted comes out, however much there is. */
async function unpackedStart(start: Buffer): Promise<Buffer> {
  const {constants, createGunzip} = await import('node:zlib')
  const gunzip = createGunzip({finishFlush: constants.Z_SYNC_FLUSH})
  gunzip.end(start)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= HEAD_OCTETS) break
  }
  return Buffer.concat(chunks)
}

async function storedOf(head: Buffer): Promise<StoredMail | undefined> {
  const isBsmtp = /^(?:EHLO|HELO|LHLO|MAIL)/i.test(head.toString('latin1', 0, 4))
  const chunks = withCrlf(once(head))
  const bsmtp = isBsmtp ? await readBsmtpEnvelope(chunks) : undefined
  const pieces: Buffer[] = []
  for await (const piece of bsmtp?.content ?? chunks) pieces.push(piece)
  const stored = readStored(Buffer.concat(pieces))
  return stored && bsmtp ? {...stored, ...bsmtp.envelope} : stored
}

async function* once(chunk: Buffer): AsyncIterable<Buffer> {
  yield chunk
}

function itemOf(file: QuarantineFile, stored: StoredMail): QuarantineItem {
  const of = (name: string) => {
    const field = stored.fields.find(one => isNamed(one, name))
    if (field === undefined) return ''
    const body = fieldBody(field).slice(0, 1000)
    return decodeText(Buffer.from(body)) ?? body
  }
  const score = /\bscore=([-\d.]+)/.exec(stored.spamStatus)?.[1] ?? ''
  return {...file, stored, category: categoryOf(stored), from: of('from'), subject: of('subject'), score}
}

/** By the quarantine address it was stored under; else by what our fields say. */
function categoryOf({deliveredTo, alerts, spamStatus}: StoredMail): QuarantineCategory {
  const name = /^([a-z-]+)-quarantine(?:@.*)?$/.exec(deliveredTo)?.[1]
  const known = CATEGORIES.find(category => category === name)
  if (known) return known
  if (alerts.some(alert => alert.startsWith('INFECTED'))) return 'virus'
  if (alerts.some(alert => alert.startsWith('BANNED'))) return 'banned'
  if (spamStatus.startsWith('Yes')) return 'spam'
  return alerts.some(alert => alert.startsWith('BAD HEADER')) ? 'bad-header' : 'other'
}
