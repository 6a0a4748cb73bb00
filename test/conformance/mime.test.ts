/**
 * The corpus of real and made mails, against what the original sees in each of them, and what they are for.
 *
 * Where the two differ on purpose (docs/differences.md) ours finds more: a Content-Type that is broken or has a
 * blank before its colon is still read, an encoding in quotes is what it says.
 */
import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {checkHeader} from '../../src/checks/header.ts'
import {scanTestString} from '../../src/checks/virus/test-string.ts'
import {typeParts} from '../../src/decode/types.ts'
import {parseHeader} from '../../src/message/header.ts'
import type {Part} from '../../src/message/message.ts'
import {MessageReader} from '../../src/message/mime/message-reader.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {readOrigin} from '../../src/message/origin.ts'
import {sharedPath} from './shared.ts'

const corpus = sharedPath('corpus', 'mail')

/** What the original's part objects say; see the corpus' README. */
interface Expected {
  readonly mime_err: string | null
  readonly parts: readonly {
    readonly n: number
    readonly parent: number
    readonly kind: string
    readonly placement: string
    readonly type_declared: readonly string[]
    readonly size: number | null
    readonly sha1: string | null
    readonly attributes?: string
  }[]
}

/** The octets as they come over SMTP. */
function received(file: string): Buffer {
  const text = readFileSync(file, 'latin1').replace(/\r?\n/g, '\r\n')
  return Buffer.from(text === '' || text.endsWith('\n') ? text : `${text}\r\n`, 'latin1')
}

function line(
  n: number,
  parent: number,
  kind: string,
  placement: string,
  type: string | undefined,
  size: number | null,
  sha1: string | null,
) {
  return [n, parent, kind, placement, type ?? '-', size ?? '-', sha1 ?? '-'].join(' ')
}

function ours(part: Part): string {
  const {number, parent, kind, placement, declaredTypes, encoding, content} = part
  if (kind === 'container') return line(number, parent, kind, placement, declaredTypes[0], null, null)
  // An attached message that was not encoded is kept as it came; the original keeps it with LF.
  const isRaw = declaredTypes[0]?.startsWith('message/') && !/base64|quoted|uu/.test(encoding)
  const octets = isRaw ? Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : content
  const sha1 = createHash('sha1').update(octets).digest('hex')
  return line(number, parent, kind, placement, declaredTypes[0], octets.length, sha1)
}

const mails = readdirSync(corpus)
  .flatMap(source => readdirSync(path.join(corpus, source)).map(name => path.join(corpus, source, name)))
  .filter(file => file.endsWith('.eml'))

const ALL_TESTS = new Map(
  ['mime', 'syntax', 'empty', 'long', 'control', '8bit', 'missing', 'multiple', 'other'].map(name => [
    name,
    1,
  ]),
)

test('every mail of the corpus is read without an error of ours and in bounded time', () => {
  assert.ok(mails.length > 1500)
  for (const file of mails) {
    const octets = received(file)
    const started = performance.now()
    const header = parseHeader(octets)
    const tree = readMime(octets, header, {maxParts: 3000, maxLevels: 20})
    typeParts(tree.parts)
    readOrigin(header, '')
    checkHeader(header, {mimeError: tree.error, tests: ALL_TESTS, data: {bareLf: 0, bareCr: 0, nul: 0}})
    const elapsed = performance.now() - started
    assert.ok(elapsed < 1000 + octets.length / 1000, `${file}: ${elapsed.toFixed()} ms`)
    assert.ok(tree.parts.length > 0, file)
  }
})

test('the parts of nearly all mails are those that the original sees, octet for octet', () => {
  let trees = 0
  let errors = 0
  let leaves = 0
  let foundLeaves = 0
  for (const file of mails) {
    const octets = received(file)
    const expected = JSON.parse(readFileSync(file.replace(/\.eml$/, '.parts.json'), 'utf8')) as Expected
    const reader = new MessageReader(octets, 0, 3000)
    const tree = reader.read(parseHeader(octets), undefined)
    const found = tree.map(ours)
    const wanted = expected.parts.map(p =>
      line(p.n, p.parent, p.kind, p.placement, p.type_declared[0], p.size, p.sha1),
    )
    if (found.join('\n') === wanted.join('\n')) trees++
    if ((reader.errors.join('; ; ') || null) === expected.mime_err) errors++
    for (const part of expected.parts.filter(part => part.attributes?.includes('C'))) {
      const same = tree.find(({number}) => number === part.n)
      assert.ok(same?.attributes.includes('UC'), `${file}: part ${part.n} is encrypted`)
    }
    const places = new Set(found.map(text => text.replace(/^\d+ \d+ /, '')))
    for (const leaf of wanted.filter(text => text.includes(' leaf '))) {
      leaves++
      if (places.has(leaf.replace(/^\d+ \d+ /, ''))) foundLeaves++
    }
  }
  const counts = `${trees} trees and ${errors} error texts of ${mails.length}, ${foundLeaves} leaves of ${leaves}`
  assert.ok(trees >= 1560 && errors >= 1580 && foundLeaves >= 3410, counts)
})

interface Made {
  readonly file: string
  readonly expect?: string
  readonly technique?: string
}

/** The mails that were made for a purpose, with what they are for. */
function made(source: string): {entry: Made; octets: Buffer}[] {
  const index = JSON.parse(readFileSync(path.join(corpus, source, 'INDEX.json'), 'utf8')) as Made[]
  return index.map(entry => ({entry, octets: received(path.join(corpus, source, entry.file))}))
}

const MINORS: Readonly<Record<string, number>> = {
  'badh 8bit': 2,
  'badh control': 3,
  'badh whitespace-only fold': 4,
  'badh long': 5,
  'badh syntax': 6,
  'badh missing From': 7,
  'badh multiple': 8,
}

test('mails made with a bad header are found to have just that', () => {
  let count = 0
  for (const {entry, octets} of made('gen-headers')) {
    const minor = MINORS[entry.expect ?? '']
    if (minor === undefined) continue
    count++
    const complaints = checkHeader(parseHeader(octets), {
      mimeError: undefined,
      tests: ALL_TESTS,
      data: {bareLf: 0, bareCr: 0, nul: 0},
    })
    const minors = new Set(complaints.map(complaint => complaint.minor))
    assert.deepEqual([...minors], [minor], entry.file)
  }
  assert.ok(count >= 10, `${count} mails`)
})

test('the test virus is found in every mail that has it in a MIME part, however that is encoded', () => {
  const inParts =
    /^(?:attachment|base64:|x-uuencode|odd Content-Transfer|declared|\d+ nested multiparts|message\/rfc822|preamble|second alternative|QP lower)/
  let count = 0
  for (const {entry, octets} of made('gen-eicar')) {
    const {file, technique = ''} = entry
    const isClean = file.startsWith('neg-')
    if (!isClean && !inParts.test(technique)) continue
    count++
    const {parts} = readMime(octets, parseHeader(octets), {maxParts: 3000, maxLevels: 20})
    assert.equal(scanTestString(parts).kind, isClean ? 'clean' : 'infected', file)
  }
  assert.ok(count >= 18, `${count} mails`)
})
