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
  readonly truncated: boolean
  /** of the whole body, in octets as scanned */
  readonly bodySize: number
}

const HEADER_LIMIT = 64 * 1024
/** A body that is over the limit by less is given whole. */
const SLIGHTLY = 5 * 1024

/** The limit in octets for an entry's own option, and where it has none; undefined: none. */
export function bodyLimit(own: number | undefined, settings: Settings): number | undefined {
  return own ?? optionalNumber(settings.scalar('$sa_mail_body_size_limit'))
}

/** @param limit octets of the body */
export function scannedText(
  mail: Pick<
    SpamMail,
    'content' | 'header' | 'envelope' | 'settings' | 'virusStatus' | 'osFingerprint' | 'octets'
  >,
  limit: number | undefined,
): ScannedText {
  const {content, header} = mail
  const head = content.subarray(0, Math.min(header.size, HEADER_LIMIT))
  const body = content.subarray(header.size)
  const truncated = limit !== undefined && limit > 0 && body.length > limit + SLIGHTLY
  const given = withLf(truncated ? body.subarray(0, limit) : body)
  const isCut = head.length < header.size
  const top = topFields(mail, truncated)
  return {
    octets: Buffer.concat([
      Buffer.from(top),
      withLf(head),
      // what is left of the header must not run into the body
      Buffer.from(isCut ? '\n\n' : ''),
      given,
    ]),
    truncated,
    bodySize: truncated ? withLf(body).length : given.length,
  }
}

function topFields(
  {envelope, settings, virusStatus, osFingerprint, octets}: Parameters<typeof scannedText>[0],
  truncated: boolean,
): string {
  const fields: (readonly [string, string | undefined])[] = [
    ['Return-Path', `<${envelope.sender}>`],
    ['X-Envelope-To', envelope.recipients.map(({address}) => `<${address}>`).join(',\n ')],
    ['X-Amavis-OS-Fingerprint', osFingerprint],
    ['X-Amavis-AV-Status', virusStatus],
    ['X-Amavis-PolicyBank', settings.bankPath === '' ? undefined : settings.bankPath],
    ['X-Amavis-MessageSize', `${octets.size}${truncated ? ', TRUNCATED' : ''}`],
  ]
  return fields.map(([name, body]) => (body === undefined ? '' : `${name}: ${body}\n`)).join('')
}

function withLf(octets: Buffer): Buffer {
  return octets.includes('\r\n')
    ? Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    : octets
}
