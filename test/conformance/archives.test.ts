/**
 * The archives of the corpus: what is in them is found, or the mail is unchecked and the log says why; nothing
 * is written but files with names of ours.
 */
import assert from 'node:assert/strict'
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, before, test} from 'node:test'
import {scanTestString} from '../../src/checks/virus/test-string.ts'
import {createDecoders, type Decoders} from '../../src/decode/decoders.ts'
import {typeParts} from '../../src/decode/types.ts'
import {openings, type Unpacked, unpack} from '../../src/decode/unpack.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'

const corpus = path.resolve('..', 'shared', 'corpus', 'mail')
assert.ok(existsSync(corpus), `the corpus is missing: ${corpus}`)

const LEVELS = 14
const FILES = 3000

let base: string
let decoders: Decoders

before(() => {
  base = mkdtempSync(path.join(tmpdir(), 'archives-'))
  decoders = createDecoders({base, folder: async () => path.join(base, 'parts')})
})

after(() => {
  decoders.close()
  rmSync(base, {recursive: true})
})

interface Opened extends Unpacked {
  readonly file: string
  /** archives among the mail's own parts */
  readonly archives: number
  readonly quota: number
  readonly elapsedMs: number
}

/** A mail as it comes over SMTP, with Debian's limits. */
async function opened(source: string, name: string): Promise<Opened> {
  const text = readFileSync(path.join(corpus, source, name), 'latin1').replace(/\r?\n/g, '\r\n')
  const octets = Buffer.from(text, 'latin1')
  const tree = readMime(octets, parseHeader(octets), {maxParts: FILES, maxLevels: LEVELS})
  const parts = typeParts(tree.parts)
  const found = openings(parts)
  const quota = Math.max(100 * 1024, octets.length * 5, Math.min(300 * 1024 * 1024, octets.length * 500))
  const since = performance.now()
  const unpacked = await unpack(
    parts,
    found,
    {levels: LEVELS, files: FILES, quota},
    {
      open: (part, opening, limits, firstNumber) => {
        const leaf =
          part.path === undefined
            ? ({kind: 'memory', octets: part.content} as const)
            : ({kind: 'file', path: part.path} as const)
        return decoders.decode({leaf, opening, limits, firstNumber}, 20_000)
      },
    },
  )
  const elapsedMs = performance.now() - since
  const result = {...unpacked, file: `${source}/${name}`, archives: found.length, quota, elapsedMs}
  assertOwnFiles(result)
  return result
}

/** Only files of ours are there, for the parts that name them. */
function assertOwnFiles({parts, file}: Opened): void {
  const folder = path.join(base, 'parts')
  const written = readdirSync(base).flatMap(name => (name === 'parts' ? readdirSync(folder) : [`../${name}`]))
  const named = parts.flatMap(part => (part.path === undefined ? [] : [path.basename(part.path)]))
  rmSync(folder, {recursive: true, force: true})
  for (const name of written) assert.match(name, /^p\d{3,}$/, file)
  assert.ok(
    named.every(name => written.includes(name)),
    file,
  )
}

function mailsOf(source: string): string[] {
  return readdirSync(path.join(corpus, source)).filter(name => name.endsWith('.eml'))
}

const SOURCES = [
  'gen-paths',
  'gen-names',
  'gen-eicar',
  'gen-bombs',
  'libarchive-wrapped',
  'clamav-wrapped',
  'archive-zip-wrapped',
  'tnef-convert-wrapped',
  'tnef-koodaamo-wrapped',
  'tnef-mimekit-wrapped',
  'tnef-misc-wrapped',
  'tnef-verdammelt-wrapped',
]

/** Archives with nothing in them. */
const EMPTY = /empty\.zip|emptyzip\.zip|empty_archive|garbage-at-end|multi-name-property|clam\.ppt|\.xls\.eml/

for (const source of SOURCES) {
  test(`what is in the archives of ${source} is found, or there is a reason`, async t => {
    const counts = {mails: 0, archives: 0, members: 0, unopened: 0}
    const reasons = new Map<string, number>()
    for (const name of mailsOf(source)) {
      const mail = await opened(source, name)
      if (mail.archives === 0) continue
      counts.mails++
      counts.archives += mail.archives
      const members = mail.parts.filter(({encoding}) => encoding === '')
      counts.members += members.length
      const problems = mail.parts.flatMap(part => part.problems)
      for (const {kind} of problems) reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
      if (problems.length > 0) counts.unopened++
      const isExplained = problems.length > 0 || EMPTY.test(name) || mail.limit !== undefined
      assert.ok(members.length > 0 || isExplained, `${mail.file}: nothing found, nothing said`)
    }
    const said = [...reasons].map(([kind, count]) => `${kind} ${count}`).join(', ')
    t.diagnostic(
      `${source}: ${counts.mails} mails, ${counts.archives} archives, ${counts.members} members; ` +
        `${counts.unopened} mails with problems (${said || 'none'})`,
    )
  })
}

test('members have the names that the archive gives them', async () => {
  for (const source of ['gen-paths', 'gen-names']) {
    const index: {file: string; member?: string; container?: string; filename?: string}[] = JSON.parse(
      readFileSync(path.join(corpus, source, 'INDEX.json'), 'utf8'),
    )
    for (const {file, member, filename, container} of index) {
      const wanted = member ?? (container === undefined ? undefined : filename)
      if (wanted === undefined || file.startsWith('mime-') || file.startsWith('uu-')) continue
      const {parts} = await opened(source, file)
      const names = parts.flatMap(({names}) => names)
      assert.ok(
        names.some(name => isSame(name, wanted)),
        `${file}: ${JSON.stringify([wanted, names])}`,
      )
    }
  }
})

/** 7-Zip shows control characters as `_`, and drops what would lead out of a folder. */
function isSame(name: string, wanted: string): boolean {
  const plain = (text: string) => text.replace(/[\p{Cc}_\\/]/gu, '_')
  return plain(name) === plain(wanted) || plain(wanted).endsWith(plain(name))
}

/** Wrappings that no decoder opens, and mails that hold no test file to be found. */
const NOT_OPENED =
  /pdf|enczip|rar4-encrypted|data-uri|unknown-method|^neg-|^part-headers|^partial|^cte-|truncated|of-three-missing/

test('the test file is found in every wrapping that a decoder opens, or the mail is unchecked', async () => {
  const missed: string[] = []
  for (const name of mailsOf('gen-eicar')) {
    const {parts, archives} = await opened('gen-eicar', name)
    if (archives === 0) continue
    const isFound = scanTestString(parts).kind === 'infected'
    const isUnchecked = parts.some(({attributes}) => attributes.includes('U'))
    if (!isFound && !(NOT_OPENED.test(name) && (isUnchecked || name.includes('pdf')))) missed.push(name)
  }
  assert.deepEqual(missed, [])
})

test('bombs end within the quota and in time', async () => {
  for (const name of mailsOf('gen-bombs')) {
    const {parts, quota, elapsedMs, file} = await opened('gen-bombs', name)
    const bytes = parts.filter(({encoding}) => encoding === '').reduce((sum, {size}) => sum + size, 0)
    assert.ok(bytes <= quota, `${file}: ${bytes} octets of ${quota}`)
    assert.ok(elapsedMs < 10_000, `${file}: ${elapsedMs} ms`)
    assert.ok(parts.length <= FILES, `${file}: ${parts.length} parts`)
  }
})
