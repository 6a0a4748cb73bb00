/**
 * apply — a header section with edits, as octets.
 *
 * Fields that are not edited are copied octet for octet. Where edits only add fields above the header, as
 * for nearly all mail, nothing is copied at all.
 */
import type {Header, HeaderField} from '../../message/message.ts'

export interface HeaderEdits {
  /** whole fields with CRLF, put above all others */
  readonly prepend: string
  /** names in lower case of existing fields to leave out */
  readonly remove: ReadonlySet<string>
  /** fields to leave out one by one, by identity */
  readonly drop: ReadonlySet<HeaderField>
  /** takes the place of the topmost Subject */
  readonly subject: Buffer | undefined
}

/** The mail is to be sent as `head` and then its own octets from the offset `from` on. */
export interface EditedHead {
  readonly head: Buffer
  readonly from: number
}

/** @param repaired fields that go on in another form (repair.ts) */
export function applyEdits(
  header: Header,
  edits: HeaderEdits,
  repaired?: ReadonlyMap<HeaderField, Buffer>,
): EditedHead {
  const prepend = Buffer.from(edits.prepend, 'utf8')
  if (!repaired && !changesExisting(header, edits)) return {head: prepend, from: 0}

  const pieces: Buffer[] = [prepend]
  let subject = edits.subject
  let octets = 0
  for (const field of header.fields) {
    octets += field.raw.length
    const name = field.name.toLowerCase()
    if (subject && name === 'subject') {
      pieces.push(subject)
      subject = undefined
    } else if (!edits.remove.has(name) && !edits.drop.has(field)) {
      pieces.push(repaired?.get(field) ?? field.raw)
    }
  }
  // The empty line belongs to the header's size but to no field.
  if (header.size > octets) pieces.push(Buffer.from('\r\n'))
  return {head: Buffer.concat(pieces), from: header.size}
}

function changesExisting(header: Header, {remove, drop, subject}: HeaderEdits): boolean {
  if (subject !== undefined || drop.size > 0) return true
  if (remove.size === 0) return false
  for (const {name} of header.fields) if (remove.has(name.toLowerCase())) return true
  return false
}
