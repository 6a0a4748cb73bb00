/**
 * scanned-text — a mail as SpamAssassin gets it: some fields of ours on top, which rules can ask for, lines that
 * end in LF, and not more of a large mail than the limit.
 *
 * Source: spec/daemon §10.4. Large mail is cut and not skipped; X-Amavis-MessageSize says so.
 */
import {optionalNumber} from '../../config/scalar.ts'
import type {Settings} from '../../config/settings.ts'
import type {SpamMail} from './scanner.ts'

export interface ScannedText {
  readonly octets: Buffer
  /** how much was given of a mail that is too large, as X-Amavis-MessageSize has it; undefined: all */
  readonly truncatedTo: number | undefined
  /** of the whole body, in octets as they came */
  readonly bodySize: number
}

const HEADER_LIMIT = 64 * 1024
/** A body that is over the limit by less is given whole. */
const SLIGHTLY = 5 * 1024
/** What a text that was cut ends with. */
const CUT = Buffer.from('[...]\n')

/** The limit in octets for an entry's own option, and where it has none; undefined: none. */
export function bodyLimit(own: number | undefined, settings: Settings): number | undefined {
  return own ?? optionalNumber(settings.scalar('$sa_mail_body_size_limit'))
}

/** @param limit octets of the body */
export function scannedText(mail: TextMail, limit: number | undefined): ScannedText {
  const {content, header} = mail
  const bodySize = content.length - header.size
  const isCut = limit !== undefined && limit > 0 && bodySize > limit + SLIGHTLY
  // The original counts what it gives like this, the fields on top included.
  const given = Math.min(header.size, HEADER_LIMIT) + (isCut ? limit : bodySize) + 1
  const truncatedTo = given < content.length ? given : undefined
  const top = Buffer.from(topFields(mail, truncatedTo))
  if (truncatedTo === undefined) return {octets: Buffer.concat([top, withLf(content)]), truncatedTo, bodySize}
  // Octets that become fewer with LF: twice as many are enough.
  const begin = withLf(content.subarray(0, 2 * given))
  const octets = Buffer.concat([Buffer.concat([top, begin]).subarray(0, given), CUT])
  return {octets, truncatedTo, bodySize}
}

type TextMail = Pick<
  SpamMail,
  'content' | 'header' | 'envelope' | 'settings' | 'virusStatus' | 'osFingerprint' | 'octets'
>

function topFields(
  {envelope, settings, virusStatus, osFingerprint, octets}: TextMail,
  truncatedTo: number | undefined,
): string {
  const fields: (readonly [string, string | undefined])[] = [
    ['Return-Path', `<${envelope.sender}>`],
    ['X-Envelope-To', envelope.recipients.map(({address}) => `<${address}>`).join(',\n ')],
    ['X-Amavis-OS-Fingerprint', osFingerprint],
    ['X-Amavis-AV-Status', virusStatus],
    ['X-Amavis-PolicyBank', settings.bankPath],
    [
      'X-Amavis-MessageSize',
      `${octets.size}${truncatedTo === undefined ? '' : `, TRUNCATED to ${truncatedTo}`}`,
    ],
  ]
  return fields.map(([name, body]) => (body === undefined ? '' : `${name}: ${body}\n`)).join('')
}

/** Octets whose lines end in LF alone. */
export function withLf(octets: Buffer): Buffer {
  return octets.includes('\r\n')
    ? Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    : octets
}
