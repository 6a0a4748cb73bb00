/**
 * copies — what a next hop would be given, compared with the mail as it came.
 */
import type {Delivery} from '../../actions/forward/delivery.ts'
import {parseHeader} from '../../message/header.ts'
import type {Header, HeaderField} from '../../message/message.ts'
import {readAll} from '../../message/octets.ts'

/** Fields as they are written, folds included, without the last line end. */
export interface HeaderEdit {
  readonly kind: 'add' | 'remove' | 'change'
  readonly field: string
  /** of a change */
  readonly before?: string
}

export interface RehearsedCopy {
  readonly method: string
  readonly purpose: Delivery['purpose']
  readonly sender: string
  readonly recipients: readonly string[]
  /** octets of the whole */
  readonly size: number
  readonly edits: readonly HeaderEdit[]
  readonly bodyChanged: boolean
  /** for mails of our own: the Subject */
  readonly subject: string | undefined
}

/** @param original header and octets of the mail as it came */
export async function rehearsedCopy(
  {method, purpose, sender, recipients, head, octets, from}: Delivery,
  original: {readonly header: Header; readonly content: Buffer},
): Promise<RehearsedCopy> {
  const rest = (await readAll(octets)).subarray(from)
  const content = Buffer.concat([head, rest])
  const header = parseHeader(content)
  const isOwn = purpose !== 'Relay'
  const body = content.subarray(header.size)
  return {
    method: String(method),
    purpose,
    sender,
    recipients: recipients.map(({address}) => address),
    size: content.length,
    edits: isOwn ? [] : headerEdits(original.header, header),
    bodyChanged: !isOwn && !body.equals(original.content.subarray(original.header.size)),
    subject: isOwn ? subjectOf(header) : undefined,
  }
}

/** How one header became the other: fields that went, came, or took the place of one of the same name. */
function headerEdits(before: Header, after: Header): readonly HeaderEdit[] {
  const kept = new Map<string, number>()
  for (const {raw} of before.fields) count(kept, raw, 1)
  const came: HeaderField[] = []
  for (const field of after.fields) {
    const key = field.raw.toString('latin1')
    if ((kept.get(key) ?? 0) > 0) count(kept, field.raw, -1)
    else came.push(field)
  }
  const left: HeaderField[] = []
  for (const field of before.fields) {
    const key = field.raw.toString('latin1')
    if ((kept.get(key) ?? 0) === 0) continue
    count(kept, field.raw, -1)
    left.push(field)
  }
  const edits: HeaderEdit[] = []
  const gone = new Set(left)
  for (const field of came) {
    const old = left.find(candidate => gone.has(candidate) && isReplaced(candidate, field))
    if (old) gone.delete(old)
    edits.push(
      old ? {kind: 'change', field: textOf(field), before: textOf(old)} : {kind: 'add', field: textOf(field)},
    )
  }
  return [...edits, ...[...gone].map(field => ({kind: 'remove' as const, field: textOf(field)}))]
}

/** Of fields that may stand only once, a new one takes the place of the old. */
function isReplaced(old: HeaderField, field: HeaderField): boolean {
  const name = old.name.toLowerCase()
  return name === field.name.toLowerCase() && !/^(?:received|x-|authentication-results|dkim-)/.test(name)
}

function count(counts: Map<string, number>, raw: Buffer, by: number): void {
  const key = raw.toString('latin1')
  counts.set(key, (counts.get(key) ?? 0) + by)
}

function textOf({raw}: HeaderField): string {
  return raw.toString('utf8').replace(/\r?\n$/, '')
}

function subjectOf({fields}: Header): string | undefined {
  const field = fields.find(({name}) => name.toLowerCase() === 'subject')
  return field && textOf(field).replace(/^subject:\s*/i, '')
}
