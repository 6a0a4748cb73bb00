/**
 * stored — what the fields above a quarantined mail say: whose it was, whom it was for, what it is called.
 *
 * Those fields are ours, down to the first that we never write there; what stands below came with the mail and proves
 * nothing. Pure. Source: spec/daemon §5.4 (stripped from top), §7.
 */
import {fieldBody, isNamed, parseHeader} from '../../message/header.ts'
import type {HeaderField} from '../../message/message.ts'

/** A header section that has not ended by here is no mail of ours. */
export const HEAD_LIMIT = 4 * 1024 * 1024

/** What our fields say. */
export interface StoredMarks {
  /** of the envelope, without angle brackets */
  readonly sender: string
  readonly recipients: readonly string[]
  /** those who did not get it */
  readonly blocked: readonly string[]
  /** undefined: the fields do not say */
  readonly mailId: string | undefined
  /** quarantine address, `virus-quarantine`; '' where it was not stored by one */
  readonly deliveredTo: string
  /** first words of the X-Amavis-Alert fields: `INFECTED, message contains virus: …` */
  readonly alerts: readonly string[]
  readonly spamStatus: string
}

export interface StoredMail extends StoredMarks {
  /** the fields of the mail itself, from its first Received on */
  readonly fields: readonly HeaderField[]
  /** where the mail begins when all fields of ours are left out */
  readonly original: number
  /** where it begins when those are left out that nobody else should see, and what a filter said stays */
  readonly examined: number
}

/** Of our fields, those of the envelope and of the storage. */
const PRIVATE = /^(?:return-path|delivered-to|x-envelope-.*|x-quarantine-id)$/
const OURS =
  /^(?:return-path|delivered-to|x-envelope-.*|x-quarantine-id|x-amavis-(?:hold|alert|modified|penpals|policybank|os-fingerprint)|x-spam-.*|x-crm114-.*)$/

/** @param head the first octets, with CRLF; undefined: the header section does not end in them, or there is none */
export function readStored(head: Buffer): StoredMail | undefined {
  const header = parseHeader(head)
  if (header.fields.length === 0 || (head.length >= HEAD_LIMIT && header.size >= head.length))
    return undefined
  let count = 0
  let original = 0
  let examined = 0
  for (const {name, raw} of header.fields) {
    const lower = name.trimEnd().toLowerCase()
    if (!OURS.test(lower)) break
    count++
    original += raw.length
    if (examined === original - raw.length && PRIVATE.test(lower)) examined = original
  }
  return {
    ...marksOf(header.fields.slice(0, count)),
    fields: header.fields.slice(count),
    original,
    examined,
  }
}

/** Names of ours are shorter. */
const LONGEST_NAME = 64

/**
 * The same of a head that need not have all of the header section, and without looking further than our fields.
 * @param isWhole no more octets follow; else `more` tells that they are needed
 * @returns undefined: there is no field
 */
export function readMarks(head: Buffer, isWhole: boolean): StoredMarks | 'more' | undefined {
  const {fields, size} = parseHeader(head, position => !isOurs(head, position))
  if (!isWhole && size + LONGEST_NAME > head.length) return 'more'
  return fields.length === 0 ? undefined : marksOf(fields)
}

function isOurs(head: Buffer, position: number): boolean {
  const start = head.toString('latin1', position, position + LONGEST_NAME)
  return OURS.test(start.slice(0, start.indexOf(':')).trimEnd().toLowerCase())
}

function marksOf(ours: readonly HeaderField[]): StoredMarks {
  const first = (name: string) => {
    const field = ours.find(one => isNamed(one, name))
    return field && fieldBody(field)
  }
  const envelopeFrom = first('x-envelope-from') ?? first('return-path')
  return {
    sender: addressesOf(envelopeFrom)[0] ?? '',
    recipients: addressesOf(first('x-envelope-to')),
    blocked: addressesOf(first('x-envelope-to-blocked')),
    mailId: addressesOf(first('x-quarantine-id'))[0],
    deliveredTo: first('delivered-to') ?? '',
    alerts: ours.filter(one => isNamed(one, 'x-amavis-alert')).map(fieldBody),
    spamStatus: first('x-spam-status') ?? '',
  }
}

/** What stands in angle brackets, in order; quotes of a local part may hold anything. */
function addressesOf(body: string | undefined): readonly string[] {
  if (body === undefined) return []
  const found = body.matchAll(/<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>/g)
  return Array.from(found, ([, address = '']) => address)
}
