/**
 * The leaves that the original sees in each mail of the corpus are among ours: type, names, size, octets.
 *
 * The original's octets are those of the leaf with LF line ends. Where ours is another leaf on purpose, or the
 * original's is a mistake, a rule of docs/differences.md says so, and how often is counted by rule.
 */
import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {parseHeader} from '../../src/message/header.ts'
import type {Part} from '../../src/message/message.ts'
import {readMime} from '../../src/message/mime/read.ts'

const corpus = path.resolve('..', 'shared', 'corpus', 'mail')
assert.ok(existsSync(corpus), `the corpus is missing: ${corpus}`)

/** A leaf as the original sees it; see the corpus' README. */
interface Wanted {
  readonly n: number
  readonly kind: string
  readonly placement: string
  readonly type_declared: readonly string[]
  readonly names: readonly string[]
  readonly size: number
  readonly sha1: string
}

interface Ours {
  readonly part: Part
  readonly sha1s: readonly string[]
}

const sha1 = (octets: Buffer) => createHash('sha1').update(octets).digest('hex')
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const withLf = (octets: Buffer) => latin1(octets.toString('latin1').replaceAll('\r\n', '\n'))
const sourceOf = (file: string) => path.basename(path.dirname(file))

/** The octets as they come over SMTP. */
function received(file: string): Buffer {
  const text = readFileSync(file, 'latin1').replace(/\r?\n/g, '\r\n')
  return latin1(text === '' || text.endsWith('\n') ? text : `${text}\r\n`)
}

interface Difference {
  readonly wanted: Wanted
  /** ours with the same octets and types */
  readonly same: readonly Part[]
  readonly all: readonly Part[]
  readonly mail: string
}

/** The names that the original has and no part of ours with the same octets does. */
function missingNames({wanted, same}: Difference): string[] {
  return wanted.names.filter(name => !same.some(part => part.names.includes(name)))
}

const asciiOf = (text: string) => text.replace(/=\?[^ ]*\?=|[^\x21-\x7e]/g, '')

/** Each is a row of docs/differences.md, "Checks". */
const RULES: readonly (readonly [name: string, applies: (difference: Difference) => boolean])[] = [
  [
    'raw form of RFC 2231',
    difference => {
      const missing = missingNames(difference)
      const isRaw = (name: string) => /^(?:=\?[^?]*\?[QB]\?.*\?=\s*)+$/i.test(name)
      return difference.same.length > 0 && missing.length > 0 && missing.every(isRaw)
    },
  ],
  [
    'names in 8 bit',
    ({wanted, same, mail}) =>
      /name\*?=.*[\x80-\xff]/i.test(mail) &&
      same.some(part =>
        part.names.some(name => asciiOf(name).startsWith(asciiOf(wanted.names[0] ?? '')[0] ?? '-')),
      ),
  ],
  [
    'words joined before they are decoded',
    difference =>
      missingNames(difference).some(name => /\ufffd|\?=$/.test(name)) &&
      difference.same.some(part =>
        part.names.some(name => asciiOf(name) === asciiOf(difference.wanted.names[0]!)),
      ),
  ],
  [
    'octets that are not of their charset',
    difference =>
      missingNames(difference).some(name => /\\x[\dA-F]{2}/.test(name)) && difference.same.length > 0,
  ],
  ['a name that is none', ({wanted, same}) => /^ARRAY\(/.test(wanted.names[0] ?? '') && same.length > 0],
  [
    'text around embedded files',
    ({wanted, all}) =>
      all.some(part => part.encoding === 'x-uuencode') &&
      all.some(part => sha1(part.content.subarray(0, wanted.size)) === wanted.sha1),
  ],
  [
    'soft line break at the end of a part',
    ({wanted, all}) =>
      all.some(
        ({encoding, content}) =>
          encoding === 'quoted-printable' && sha1(Buffer.concat([content, latin1('=')])) === wanted.sha1,
      ),
  ],
  ['BinHex', ({all}) => all.some(part => part.encoding === 'x-binhex40')],
  [
    'a multipart that was not read',
    ({wanted, all}) =>
      wanted.type_declared.includes('application/x-unparseable-multipart') &&
      all.some(part => part.placement.startsWith(`${wanted.placement}/`)),
  ],
  ['a blank before the colon', ({mail}) => /^content-[a-z-]+[ \t]+:/im.test(mail)],
  ['a delimiter within a header', ({all}) => all.some(part => part.reading?.startsWith('header: ends'))],
]

function isAmong({wanted, same}: Difference): boolean {
  return same.some(part => wanted.names.every(name => part.names.includes(name)))
}

test('mail: the leaves that the original sees are among ours, or a rule says why not', () => {
  const bySource = new Map<
    string,
    {mails: number; leaves: number; found: number; more: number; ambiguous: number}
  >()
  const byRule = new Map<string, number>(RULES.map(([name]) => [name, 0]))
  const unexplained: string[] = []
  for (const file of mails()) {
    const octets = received(file)
    const mail = octets.toString('latin1')
    const tree = readMime(octets, parseHeader(octets), {maxParts: 3000, maxLevels: 20}, /\r(?!\n)/.test(mail))
    const ours: Ours[] = tree.parts
      .filter(part => part.kind !== 'container')
      .map(part => ({part, sha1s: [sha1(part.content), sha1(withLf(part.content))]}))
    const {parts} = JSON.parse(readFileSync(file.replace(/\.eml$/, '.parts.json'), 'utf8')) as {
      parts: Wanted[]
    }
    const counts = bySource.get(sourceOf(file)) ?? {mails: 0, leaves: 0, found: 0, more: 0, ambiguous: 0}
    bySource.set(sourceOf(file), counts)
    counts.mails++
    if (tree.parts.some(part => part.attributes.includes('B'))) counts.ambiguous++
    counts.more += ours.filter(({part}) => part.reading !== undefined).length
    for (const wanted of parts.filter(({kind}) => kind === 'leaf')) {
      counts.leaves++
      const same = ours
        .filter(({part, sha1s}) => sha1s.includes(wanted.sha1) && hasTypes(part, wanted))
        .map(({part}) => part)
      const difference: Difference = {wanted, same, all: tree.parts, mail}
      if (isAmong(difference)) {
        counts.found++
        continue
      }
      const rule = RULES.find(([, applies]) => applies(difference))
      if (rule) byRule.set(rule[0], byRule.get(rule[0])! + 1)
      else
        unexplained.push(`${path.relative(corpus, file)} ${wanted.n} ${wanted.type_declared} ${wanted.names}`)
    }
  }
  print(bySource, byRule)
  assert.deepEqual(unexplained, [])
  assert.ok([...bySource.values()].reduce((sum, {mails}) => sum + mails, 0) > 1500)
  for (const [rule, count] of byRule) assert.ok(count > 0, `the rule "${rule}" explains nothing`)
})

function hasTypes(part: Part, wanted: Wanted): boolean {
  return wanted.type_declared.every(type => part.declaredTypes.includes(type))
}

function mails(): string[] {
  return readdirSync(corpus)
    .flatMap(source => readdirSync(path.join(corpus, source)).map(name => path.join(corpus, source, name)))
    .filter(file => file.endsWith('.eml'))
}

function print(bySource: ReadonlyMap<string, object>, byRule: ReadonlyMap<string, number>): void {
  console.log('source                     mails  leaves   found  of other readings  ambiguous mails')
  for (const [source, counts] of bySource) {
    const [mails = 0, leaves = 0, found = 0, more = 0, ambiguous = 0] = Object.values(counts) as number[]
    const figures = [mails, leaves, found].map(figure => String(figure).padStart(7)).join(' ')
    console.log(
      `${source.padEnd(24)} ${figures} ${String(more).padStart(18)} ${String(ambiguous).padStart(16)}`,
    )
  }
  console.log('rule of difference                                   leaves')
  for (const [rule, count] of byRule) console.log(`${rule.padEnd(52)} ${String(count).padStart(6)}`)
}
