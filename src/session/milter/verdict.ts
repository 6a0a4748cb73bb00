/**
 * verdict — what became of a mail, as frames: changes first, then one word (spec/milter §9, §13.2). Pure.
 */
import type {SmtpReply} from '../../errors.ts'
import {replyText} from '../smtp/reply.ts'
import type {HeaderChange, Outcome} from '../transaction.ts'
import {frame} from './frames.ts'
import {ACTION, LEADING_SPACE, type Negotiated} from './negotiation.ts'

export interface VerdictFacts {
  readonly outcome: Outcome
  readonly negotiated: Negotiated
  /** `$prepend_header_fields_hdridx`: 0 is above the MTA's own Received, 1 below it */
  readonly insertAt: number
  /** what the MTA calls a recipient, or would */
  readonly argumentOf: (address: string) => Buffer
}

const NUL = Buffer.from([0])
/** Text of a reply, in octets (spec/milter §3). */
const LONGEST_TEXT = 900

export function verdictFrames({outcome, negotiated, insertAt, argumentOf}: VerdictFacts): Buffer {
  const {reply, edits} = outcome
  if (reply.code >= 400) return replyFrame(reply)
  // Nobody is left for the MTA to deliver to, or we have done it.
  if (edits === undefined) return frame('d')
  const may = (action: number) => (negotiated.actions & action) !== 0
  const frames: Buffer[] = []
  if (may(ACTION.deleteRecipient)) {
    for (const address of edits.removedRecipients)
      frames.push(frame('-', Buffer.concat([argumentOf(address), NUL])))
  }
  if (may(ACTION.addRecipient)) {
    for (const address of edits.addedRecipients)
      frames.push(frame('+', Buffer.concat([argumentOf(address), NUL])))
  }
  frames.push(...changeFrames(edits.changes, negotiated, insertAt))
  if (edits.body && may(ACTION.changeBody)) frames.push(...bodyFrames(edits.body))
  if (edits.hold !== undefined && may(ACTION.hold)) frames.push(frame('q', `${holdReason(edits.hold)}\0`))
  frames.push(frame('c'))
  return Buffer.concat(frames)
}

/** The edits that the MTA has not agreed to, in words; undefined: it does all of them. */
export function refusedEdits({edits}: Outcome, {actions}: Negotiated): string | undefined {
  if (edits === undefined) return undefined
  const missing = [
    ...(edits.removedRecipients.length > 0 && (actions & ACTION.deleteRecipient) === 0 ? ['recipients'] : []),
    ...(edits.changes.some(({kind}) => kind !== 'insert') && (actions & ACTION.changeHeader) === 0
      ? ['changes of the header']
      : []),
    ...(edits.changes.some(({kind}) => kind === 'insert') && (actions & ACTION.addHeader) === 0
      ? ['new header fields']
      : []),
    ...(edits.hold !== undefined && (actions & ACTION.hold) === 0 ? ['mail on hold'] : []),
  ]
  return missing.length === 0 ? undefined : missing.join(', ')
}

/** An empty reason is none that an MTA takes. */
function holdReason(text: string): string {
  return replyText(text, false).slice(0, LONGEST_TEXT) || 'held'
}

/** A refusal with our words: 4xx and 5xx alike. */
export function replyFrame({code, enhanced, text}: SmtpReply): Buffer {
  const words = replyText(text, false).slice(0, LONGEST_TEXT).replaceAll('%', '%%')
  return frame('y', `${code} ${enhanced} ${words}\0`)
}

/** What MILTER_CHUNK_SIZE is to every MTA (spec/milter §3). */
const LARGEST_CHUNK = 65_535

/** A body in the place of the mail's own, in pieces. */
function bodyFrames(body: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < body.length; at += LARGEST_CHUNK)
    frames.push(frame('b', body.subarray(at, at + LARGEST_CHUNK)))
  return frames
}

/** Insertions go from the bottom up, as each is put above those before it. */
function changeFrames(changes: readonly HeaderChange[], negotiated: Negotiated, insertAt: number): Buffer[] {
  const blank = (negotiated.protocol & LEADING_SPACE) === 0 ? '' : ' '
  const frames: Buffer[] = []
  const insertions: Buffer[] = []
  for (const change of changes) {
    if (change.kind === 'insert') {
      if ((negotiated.actions & ACTION.addHeader) !== 0)
        insertions.unshift(frame('i', indexed(insertAt, change.name, blank + change.body)))
      continue
    }
    if ((negotiated.actions & ACTION.changeHeader) === 0) continue
    // The topmost Received is one of ours, which the MTA has never seen.
    const index = change.name.toLowerCase() === 'received' ? change.index - 1 : change.index
    if (index < 1) continue
    const body = change.kind === 'delete' ? '' : blank + change.body
    frames.push(frame('m', indexed(index, change.name, body)))
  }
  return [...frames, ...insertions]
}

function indexed(index: number, name: string, body: string): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(index, 0)
  return Buffer.concat([number, Buffer.from(`${name}\0${body}\0`, 'utf8')])
}
