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
import {entityFields, readEntity} from './entity.ts'
import {type Doubt, MessageReader, type Reading} from './message-reader.ts'
import {Readings} from './readings.ts'
import {crToLf} from './transfer.ts'

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

/**
 * Take a whole mail apart; `header` is what `parseHeader(octets)` gives.
 * @param hasBareCr whether there are CRs that end no line, which do so for some clients
 */
export function readMime(octets: Buffer, header: Header, limits: MimeLimits, hasBareCr = false): MimeTree {
  const maxLevels = Math.min(limits.maxLevels, MAX_NESTED)
  const quota = Math.max(MIN_QUOTA_BYTES, octets.length * QUOTA_FACTOR)
  const parts: Part[] = []
  const errors: string[] = []
  let limit: string | undefined
  const tree = (): MimeTree => ({
    parts,
    error: errors.length === 0 ? undefined : errors.join('; ; '),
    limit,
  })
  let readings: Readings | undefined
  let size = 0
  // Breadth first: the messages found on one level are the next level.
  let level: readonly Mail[] = [{octets, header, above: undefined}]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxLevels) {
      limit ??= `Maximum decoding depth (${maxLevels}) exceeded`
      return tree()
    }
    const next: Mail[] = []
    for (const mail of level) {
      const count = parts.length
      const reader = new MessageReader(mail.octets, count, limits.maxParts)
      let found: readonly Part[] = reader.read(mail.header, mail.above)
      errors.push(...reader.errors)
      limit ??= reader.limit
      const doubts = hasBareCr && depth === 0 ? [...reader.doubts, bareCrDoubt(mail, found)] : reader.doubts
      if (doubts.length > 0) {
        readings ??= new Readings(octets.length)
        const all = readings.addTo(found, doubts, count + found.length, limits.maxParts)
        found = all.parts
        limit ??= all.limit
      }
      for (const [n, part] of found.entries()) {
        parts.push(part)
        size += part.content.length
        if (size > quota) {
          limit ??= `Exceeded storage quota ${quota} bytes by MIME decoding`
          // Multiparts come last: without them others would be in parts that are not there.
          parts.push(...found.slice(n + 1).map(withoutContent))
          return tree()
        }
        if (isMessage(part)) next.push({octets: part.content, header: parseHeader(part.content), above: part})
      }
      if (reader.limit !== undefined) return tree()
    }
    level = next
  }
  return tree()
}

/** The whole mail as those clients see it for whom a CR alone ends a line. */
function bareCrDoubt({octets, above}: Mail, found: readonly Part[]): Doubt {
  const region = crToLf(octets)
  const header = parseHeader(region)
  const reading: Reading = {
    label: 'line ends: CR alone',
    entity: readEntity(entityFields(header)),
    region: region.subarray(header.size),
  }
  const top = found.find(({kind, placement}) => kind !== 'preamble' && placement === '1')
  return {
    readings: [reading],
    number: top?.number ?? 1,
    parent: above?.number ?? 0,
    placement: above ? `${above.placement}/1` : '1',
  }
}

function withoutContent(part: Part): Part {
  return part.content.length === 0 ? part : {...part, content: Buffer.alloc(0)}
}

function isMessage({kind, declaredTypes}: Part): boolean {
  return kind === 'leaf' && (declaredTypes[0] === 'message/rfc822' || declaredTypes[0] === 'message/global')
}
