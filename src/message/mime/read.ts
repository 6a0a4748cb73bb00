/**
 * read — takes a mail apart into its parts (RFC 2045, 2046), on octets, in one pass.
 *
 * The tree is that of spec/daemon "Parts": leaves are numbered as they are read, then multiparts from the
 * outside in, each with what stands before its first and after its last part, where that is anything. A
 * message within the mail is a leaf; what is in it follows as parts below that leaf, read the same way.
 *
 * Broken mail is read as far as it goes, and `error` says what was wrong. Limits end the reading: what was
 * found by then is returned with `limit`. Linear in the mail's size, whatever it holds.
 */
import {parseHeader} from '../header.ts'
import type {Header, MimeTree, Part} from '../message.ts'
import {MessageReader} from './message-reader.ts'

export interface MimeLimits {
  /** parts of all kinds ($MAXFILES) */
  readonly maxParts: number
  /** messages within messages ($MAXLEVELS) */
  readonly maxLevels: number
}

/** Messages within messages where no limit is set. */
const MAX_NESTED = 100

/** What all decoded parts may add up to, in sizes of the mail: a message may be encoded within a message. */
const QUOTA_FACTOR = 10
const MIN_QUOTA_BYTES = 1024 * 1024

interface Mail {
  readonly octets: Buffer
  readonly header: Header
  /** the part that holds it; undefined for the mail itself */
  readonly above: Part | undefined
}

/** Take a whole mail apart; `header` is what `parseHeader(octets)` gives. */
export function readMime(octets: Buffer, header: Header, limits: MimeLimits): MimeTree {
  const maxLevels = Math.min(limits.maxLevels, MAX_NESTED)
  const quota = Math.max(MIN_QUOTA_BYTES, octets.length * QUOTA_FACTOR)
  const parts: Part[] = []
  const errors: string[] = []
  const tree = (limit?: string): MimeTree => ({
    parts,
    error: errors.length === 0 ? undefined : errors.join('; ; '),
    limit,
  })
  let size = 0
  // Breadth first: the messages found on one level are the next level.
  let level: Mail[] = [{octets, header, above: undefined}]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxLevels) return tree(`Maximum decoding depth (${maxLevels}) exceeded`)
    const next: Mail[] = []
    for (const mail of level) {
      const reader = new MessageReader(mail.octets, parts.length, limits.maxParts)
      const found = reader.read(mail.header, mail.above)
      parts.push(...found)
      errors.push(...reader.errors)
      if (reader.limit !== undefined) return tree(reader.limit)
      for (const part of found) {
        size += part.content.length
        if (size > quota) return tree(`Exceeded storage quota ${quota} bytes by MIME decoding`)
        if (isMessage(part)) next.push({octets: part.content, header: parseHeader(part.content), above: part})
      }
    }
    level = next
  }
  return tree()
}

function isMessage({kind, declaredTypes}: Part): boolean {
  return kind === 'leaf' && (declaredTypes[0] === 'message/rfc822' || declaredTypes[0] === 'message/global')
}
