/**
 * Random and mutilated mails through everything that looks at a mail: nothing may throw, hang or blow up.
 *
 * The seed is fixed, so that a failure comes again; the mail that failed is in the message.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {checkBanned} from '../../src/checks/banned.ts'
import {checkHeader} from '../../src/checks/header.ts'
import {scanSpamTestString} from '../../src/checks/spam/test-strings.ts'
import {scanTestString} from '../../src/checks/virus/test-string.ts'
import {typeParts} from '../../src/decode/types.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {readOrigin} from '../../src/message/origin.ts'
import {settingsFrom} from '../lookup/settings.ts'

const SEED = 20_261_122
const LIMITS = {maxParts: 200, maxLevels: 8}

/** A small generator of its own (mulberry32): the same numbers on every machine. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** Pieces that mean something to one of the readers. */
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  '"',
  '\\',
  '(',
  ')',
  '<',
  '>',
  '@',
  '=',
  '--',
  '--b',
  '\r\n--b\r\n',
  '\r\n--b--\r\n',
  '\r\n--c\r\n',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: multipart/digest; boundary="c"\r\n',
  'Content-Type: message/rfc822\r\n',
  "Content-Type: text/plain; name*0*=utf-8''%e2; name*1=x\r\n",
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  'Content-Transfer-Encoding: x-uuencode\r\n',
  'Content-Disposition: attachment; filename="=?utf-8?B?YS5leGU=?="\r\n',
  'From: "a" <b@example.com>, c@example.com\r\n',
  'Received: from a ([192.0.2.1]) by b\r\n',
  'Subject: caf\xe9 =?iso-8859-1?q?=E9?=\r\n',
  'begin 644 a.exe\r\n',
  '#86)C\r\n',
  'end\r\n',
  'TVqQAAMAAAAEAAAA//8AAA==',
  '=3D=\r\n',
  'MZ',
  'PK\x03\x04',
  '\xff',
]

function madeUp(random: (below: number) => number): Buffer {
  const pieces = Array.from({length: random(60)}, () =>
    random(8) === 0
      ? String.fromCharCode(...Array.from({length: random(20)}, () => random(256)))
      : WORDS[random(WORDS.length)]!.repeat(random(20) === 0 ? random(500) : 1),
  )
  return Buffer.from(pieces.join(''), 'latin1')
}

const WHOLE = Buffer.from(
  `Received: from a ([192.0.2.1]) by b\r\nDate: x\r\nFrom: a@example.com\r\nMIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n
hello\r\n--c\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n--c--\r\n--b\r\nContent-Type: message/rfc822\r\n
Content-Type: application/octet-stream; name=a.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAA=\r\n--b--\r\n`,
)

function mutilated(random: (below: number) => number): Buffer {
  const mail = Buffer.from(WHOLE)
  for (let i = random(12); i > 0; i--) mail[random(mail.length)] = random(256)
  const cut = random(mail.length)
  switch (random(4)) {
    case 0:
      return mail.subarray(0, cut)
    case 1:
      return Buffer.concat([mail.subarray(0, cut), mail])
    case 2:
      return Buffer.concat([mail.subarray(0, cut), mail.subarray(Math.min(mail.length, cut + random(50)))])
    default:
      return mail
  }
}

test('whatever the octets are, they are taken apart and checked without failing, in bounded time', () => {
  const random = generator(SEED)
  const settings = settingsFrom(`$banned_filename_re = new_RE( qr'^\\.exe$', qr'\\.(exe|scr)$'i );\n1;\n`)
  const tests = settings.hash('%allowed_header_tests')
  const recipients = [{address: 'u@example.com', orcpt: undefined, notify: undefined}]
  const until = performance.now() + 3000
  let mails = 0
  while (performance.now() < until && mails < 20_000) {
    const mail = random(2) === 0 ? madeUp(random) : mutilated(random)
    mails++
    const started = performance.now()
    try {
      const header = parseHeader(mail)
      const tree = readMime(mail, header, LIMITS)
      const parts = typeParts(tree.parts)
      readOrigin(header, 'a@example.com')
      checkHeader(header, {mimeError: tree.error, tests, data: {bareLf: 0, bareCr: 1, nul: 1}})
      checkBanned(parts, recipients, settings)
      scanTestString(parts)
      scanSpamTestString(mail.subarray(header.size), parts)
      assert.deepEqual(
        Buffer.concat(header.fields.map(field => field.raw)),
        mail.subarray(
          0,
          header.fields.reduce((sum, field) => sum + field.raw.length, 0),
        ),
      )
      assert.equal(new Set(parts.map(part => part.number)).size, parts.length)
      assert.ok(parts.every(part => part.parent === 0 || parts.some(other => other.number === part.parent)))
    } catch (cause) {
      assert.fail(
        new Error(`seed ${SEED}, mail ${mails}: ${JSON.stringify(mail.toString('latin1'))}`, {cause}),
      )
    }
    assert.ok(performance.now() - started < 2000, `mail ${mails} took too long`)
  }
  assert.ok(mails > 500, `${mails} mails`)
})
