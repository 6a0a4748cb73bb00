/**
 * notice — a mail to an administrator, or to a recipient, about a mail (spec/daemon §8).
 *
 * Administrators get the original's header section too. Pure.
 */
import type {Header} from '../../message/message.ts'
import {rfc5322Date} from '../date.ts'
import {type Charsets, type NoticeText, noticeHead, textPart} from './notice-text.ts'
import {attachedHeader, boundaryOf, multipart, needsUtf8, type Submission} from './own-mail.ts'
import {encodePart} from './part.ts'

export interface NoticeInput {
  readonly notice: NoticeText
  /** of the envelope */
  readonly sender: string
  readonly recipients: readonly string[]
  /** the field From */
  readonly from: string
  /** without brackets */
  readonly messageId: string
  /** of the notice itself, and of the mail that it is about */
  readonly ownMailId: string
  readonly mailId: string
  /** of the original, to be attached; undefined: not attached */
  readonly original: {readonly header: Header; readonly sender: string} | undefined
  readonly charsets: Charsets
  /** ms since the epoch */
  readonly at: number
}

export function buildNotice(input: NoticeInput): Submission {
  const {notice, recipients, charsets, original} = input
  const text = textPart(notice, charsets.body)
  const head = noticeHead(
    notice,
    [
      ['From', input.from],
      ['To', recipients.map(address => `<${address}>`).join(', ')],
      ['Subject', 'Content filter'],
      ['Date', rfc5322Date(input.at)],
      ['Message-ID', `<${input.messageId}>`],
      ['Auto-Submitted', 'auto-generated'],
    ],
    charsets.words,
  )
  const boundary = boundaryOf(input.ownMailId, input.mailId)
  const body = original
    ? Buffer.concat([
        Buffer.from(`Content-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n`),
        multipart(boundary, [
          text,
          encodePart(
            'text/rfc822-headers; name="header.hdr"',
            attachedHeader(original.header, original.sender),
            'Message header section',
          ),
        ]),
      ])
    : text
  return {
    sender: input.sender,
    recipients,
    octets: Buffer.concat([Buffer.from(`${head}MIME-Version: 1.0\r\n`), body]),
    smtputf8: needsUtf8([input.sender, ...recipients]),
  }
}
