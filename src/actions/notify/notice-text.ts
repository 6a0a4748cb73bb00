/**
 * notice-text — an expanded template as header fields and a text, and these as the head of a mail.
 *
 * Operators' templates are taken as they are: a header section, an empty line, a text; one that begins with no field
 * is all text. What a template does not say is added; what only the one who makes the mail knows (MIME fields) or
 * what would be seen by others (Bcc) is not taken from it. Pure.
 */
import type {Settings} from '../../config/settings.ts'
import {encodeIn} from '../../message/charset.ts'
import type {WordStyle} from '../edits/encoded-word.ts'
import {foldItems, foldMailbox, foldText} from '../edits/fold.ts'
import {encodePart} from './part.ts'

export interface NoticeText {
  /** unfolded */
  readonly fields: readonly (readonly [name: string, body: string])[]
  /** LF line ends */
  readonly body: string
}

const FIELD = /^([!-9;-~]+)[ \t]*:[ \t]*(.*)$/s
const NOT_TAKEN = /^(?:bcc|return-path|mime-version|content-.*|received|dkim-signature)$/i

/** @param text of the template, LF line ends */
export function readNotice(text: string): NoticeText {
  const clean = text.replace(/^\n+/, '')
  if (!FIELD.test(firstLine(clean))) return {fields: [], body: clean}
  const end = clean.indexOf('\n\n')
  const head = end < 0 ? clean : clean.slice(0, end)
  const fields = head
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const [, name = '', body = ''] = FIELD.exec(line) ?? []
      return name === '' || NOT_TAKEN.test(name) || body.trim() === '' ? [] : [[name, body.trim()]]
    })
  return {fields, body: end < 0 ? '' : clean.slice(end + 2)}
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}

/** How words of ours are written in headers, and texts in bodies. */
export interface Charsets {
  readonly words: WordStyle
  readonly body: string
}

export function charsetsOf(settings: Settings): Charsets {
  return {
    words: {
      charset: settings.string('$hdr_encoding') || 'UTF-8',
      encoding: settings.string('$hdr_encoding_qb')?.toUpperCase() === 'B' ? 'B' : 'Q',
    },
    body: settings.string('$bdy_encoding') || 'UTF-8',
  }
}

/** Fields with mailboxes, of which only the phrases may be encoded. */
const ADDRESS_FIELD = /^(?:from|sender|reply-to|to|cc)$/i
/** Fields whose words must not be encoded. */
const STRUCTURED_FIELD = /^(?:date|message-id|in-reply-to|references|auto-submitted|precedence)$/i
/** Above all others, in this order. */
const FIRST = ['From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References']

/**
 * The fields of the notice over those that a mail has to have, folded.
 * @param defaults for what the template left out; '' for none
 */
export function noticeHead(
  notice: NoticeText,
  defaults: readonly (readonly [name: string, body: string])[],
  words: WordStyle,
): string {
  const has = (name: string) => notice.fields.some(([own]) => own.toLowerCase() === name.toLowerCase())
  const fields = [...notice.fields, ...defaults.filter(([name, body]) => body !== '' && !has(name))]
  const rank = (name: string) => {
    const place = FIRST.findIndex(first => first.toLowerCase() === name.toLowerCase())
    return place < 0 ? FIRST.length : place
  }
  return fields
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, body]) => fieldText(name, body, words))
    .join('')
}

function fieldText(name: string, body: string, words: WordStyle): string {
  if (ADDRESS_FIELD.test(name)) return foldMailbox(name, body, words)
  if (!STRUCTURED_FIELD.test(name)) return foldText(name, body, words)
  return foldItems(name, body.replace(/[\x00-\x20\x7f]+/g, ' ').split(' '))
}

/** The text as a MIME part, in the charset that is wanted or else in UTF-8. */
export function textPart({body}: NoticeText, charset: string): Buffer {
  const clean = body
    .replace(/\n*$/, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '?')
    .replaceAll('\n', '\r\n')
  const octets = encodeIn(charset, clean)
  return octets
    ? encodePart(`text/plain; charset="${charset}"`, octets)
    : encodePart('text/plain; charset="UTF-8"', Buffer.from(clean, 'utf8'))
}
