/**
 * own-mail — what mails of our own making have in common: envelope, boundary, the original's header as a part.
 */
import type {Header} from '../../message/message.ts'
import {foldItems} from '../edits/fold.ts'

/** A mail of ours to be sent: CRLF line ends, whole. */
export interface Submission {
  /** '' : the null sender */
  readonly sender: string
  readonly recipients: readonly string[]
  readonly octets: Buffer
  /** the next hop must know SMTPUTF8 and 8BITMIME */
  readonly smtputf8: boolean
  /** it needs 8BITMIME */
  readonly is8bit?: boolean
}

/** Of a longer header section only the first fields are attached. */
const ATTACHED_HEADER_LIMIT = 64 * 1024

/** The original's header section below its envelope sender, in whole fields. */
export function attachedHeader({fields}: Header, sender: string): Buffer {
  const raws: Buffer[] = [Buffer.from(foldItems('Return-Path', [`<${sender}>`]))]
  let size = 0
  for (const {raw} of fields) {
    size += raw.length
    if (size > ATTACHED_HEADER_LIMIT) break
    raws.push(raw)
  }
  return Buffer.concat(raws)
}

/** The body of a multipart with its end. mail_ids are random: no part holds the boundary by chance or by intent. */
export function multipart(boundary: string, parts: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = [Buffer.from('This is a multi-part message in MIME format.\r\n')]
  for (const part of parts) pieces.push(Buffer.from(`\r\n--${boundary}\r\n`), part)
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  return Buffer.concat(pieces)
}

/** @param own mail_id of the mail that is made; it ends the name, so that nested mails do not share one */
export function boundaryOf(own: string, about: string): string {
  return `----------=_${own}-${about}`
}

export function needsUtf8(addresses: readonly string[]): boolean {
  return addresses.some(address => /[^\x00-\x7f]/.test(address))
}
