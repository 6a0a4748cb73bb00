/**
 * The corpus of real and made mails, against what the original sees in each of them.
 *
 * Where the two differ on purpose (docs/differences.md) ours finds more: a Content-Type that is broken or has a
 * blank before its colon is still read, an encoding in quotes is what it says.
 */
import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {parseHeader} from '../../src/message/header.ts'
import type {Part} from '../../src/message/message.ts'
import {MessageReader} from '../../src/message/mime/message-reader.ts'
import {readMime} from '../../src/message/mime/read.ts'

const corpus = path.resolve('..', 'shared', 'corpus', 'mail')
assert.ok(existsSync(corpus), `the corpus is missing: ${corpus}`)

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

test('every mail of the corpus is read without an error of ours and in bounded time', () => {
  assert.ok(mails.length > 1500)
  for (const file of mails) {
    const octets = received(file)
    const started = performance.now()
    const tree = readMime(octets, parseHeader(octets), {maxParts: 3000, maxLevels: 20})
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
    const found = reader.read(parseHeader(octets), undefined).map(ours)
    const wanted = expected.parts.map(p =>
      line(p.n, p.parent, p.kind, p.placement, p.type_declared[0], p.size, p.sha1),
    )
    if (found.join('\n') === wanted.join('\n')) trees++
    if ((reader.errors.join('; ; ') || null) === expected.mime_err) errors++
    const places = new Set(found.map(text => text.replace(/^\d+ \d+ /, '')))
    for (const leaf of wanted.filter(text => text.includes(' leaf '))) {
      leaves++
      if (places.has(leaf.replace(/^\d+ \d+ /, ''))) foundLeaves++
    }
  }
  const counts = `${trees} trees and ${errors} error texts of ${mails.length}, ${foundLeaves} leaves of ${leaves}`
  assert.ok(trees >= 1560 && errors >= 1580 && foundLeaves >= 3410, counts)
})
