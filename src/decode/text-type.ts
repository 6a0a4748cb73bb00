/**
 * text-type — whether octets are text, and of what kind, in the words of file(1).
 *
 * Only the head of the content is looked at. Cheap, as most parts of most mails are text.
 */
import {isAscii, isUtf8} from 'node:buffer'

/** How much of a text is looked at. */
const HEAD_BYTES = 64 * 1024

/** Control characters that no text has; BEL, BS, TAB, LF, VT, FF, CR and ESC are those that it may have. */
const NOT_TEXT = /[\0-\x06\x0e-\x1a\x1c-\x1f\x7f]/

/** What file(1) calls the text, `undefined` when it is no text. */
export function textType(content: Buffer): string | undefined {
  const head = content.length > HEAD_BYTES ? content.subarray(0, HEAD_BYTES) : content
  const charset = charsetOf(head)
  if (charset === undefined) return undefined
  const text = head.toString('latin1', 0, 512)
  const kind = ANY_FIRST_WORDS.test(text) ? FIRST_WORDS.find(([pattern]) => pattern.test(text)) : undefined
  if (!kind) return `${charset} text`
  const [, name, isWhole] = kind
  return isWhole ? name : `${name}, ${charset} text`
}

function charsetOf(head: Buffer): string | undefined {
  const [first, second] = head
  if (first === 0xff && second === 0xfe) return 'Unicode text, UTF-16, little-endian'
  if (first === 0xfe && second === 0xff) return 'Unicode text, UTF-16, big-endian'
  const text = head.toString('latin1')
  if (NOT_TEXT.test(text)) return undefined
  if (isAscii(head)) return 'ASCII'
  if (isUtf8(wholeCharacters(head))) return 'Unicode text, UTF-8'
  return /[\x80-\x9f]/.test(text) ? 'Non-ISO extended-ASCII' : 'ISO-8859'
}

/** Without a character of UTF-8 that the end of the head may have cut. */
function wholeCharacters(head: Buffer): Buffer {
  if (head.length < HEAD_BYTES) return head
  let end = head.length
  while (end > head.length - 3 && (head[end - 1]! & 0xc0) === 0x80) end--
  return head.subarray(0, head[end - 1]! >= 0xc0 ? end - 1 : end)
}

/** How texts of a kind begin; true: the name is all that is said. */
const FIRST_WORDS: readonly (readonly [pattern: RegExp, name: string, isWhole?: true])[] = [
  [/^\s*<(?:!doctype\s+html|html|head|title|body|script|style|table|a\s+href=|h1>|!--)/i, 'HTML document'],
  [/^\xef\xbb\xbf\s*<(?:!doctype\s+html|html|head)/i, 'HTML document'],
  [
    /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>\s*(?:<!--|<!DOCTYPE svg|<svg)/,
    'SVG Scalable Vector Graphics image',
    true,
  ],
  [/^\s*<svg/, 'SVG Scalable Vector Graphics image', true],
  [/^(?:\xef\xbb\xbf)?<\?xml/, 'XML 1.0 document'],
  [/^\{\\rtf/, 'Rich Text Format data, version 1', true],
  [/^%!PS/, 'PostScript document text', true],
  [/^-----BEGIN PGP MESSAGE-/, 'PGP message', true],
  [/^-----BEGIN PGP PUBLIC KEY BLOCK-/, 'PGP public key block', true],
  [/^-----BEGIN PGP SIGNATURE-/, 'PGP signature', true],
  [/^-----BEGIN PGP /, 'PGP signed message', true],
  [/^begin [0-7]{3,4} /, 'uuencoded or xxencoded text', true],
  [/^\s*\(This file must be converted with BinHex/, 'BinHex binary text', true],
  [/^\[InternetShortcut\]/i, 'MS Windows 95 Internet shortcut text', true],
  [/^@echo (?:off|on)/i, 'DOS batch file'],
  [
    /^#! ?\/(?:usr\/)?(?:local\/)?bin\/(?:env )?(?:ba)sh/,
    'Bourne-Again shell script, ASCII text executable',
    true,
  ],
  [/^#! ?\/(?:usr\/)?(?:local\/)?bin\/(?:env )?sh/, 'POSIX shell script, ASCII text executable', true],
  [/^#! ?\/(?:usr\/)?(?:local\/)?bin\/(?:env )?perl/, 'Perl script text executable', true],
  [/^#! ?\/(?:usr\/)?(?:local\/)?bin\/(?:env )?python/, 'Python script, ASCII text executable', true],
  [/^#! ?\//, 'a script, ASCII text executable', true],
  [/^(?:Return-Path|Received|Delivered-To|X-Envelope-To|From|Message-ID|Relay-Version):/i, 'SMTP mail'],
  [/^(?:diff --git |--- \S+.*\n\+\+\+ |Index: \S+\n===)/, "'diff' output"],
]

/** Nearly all texts begin with none of them: one look tells. */
const ANY_FIRST_WORDS = new RegExp(FIRST_WORDS.map(([{source}]) => source).join('|'), 'i')
