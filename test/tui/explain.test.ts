import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {gzipSync} from 'node:zlib'
import {silentLog} from '../../src/log/log.ts'
import {type Examination, examine} from '../../src/pipeline/examine.ts'
import {explainJson} from '../../src/tui/explain/json.ts'
import {explainPage} from '../../src/tui/explain/page.ts'
import type {Theme} from '../../src/tui/theme.ts'
import {settingsFrom} from '../lookup/settings.ts'

const CONFIG = `$banned_filename_re = new_RE( qr'\\.exe$'i ); @banned_filename_maps = (\\$banned_filename_re);\n1;\n`
const RECIPIENT = 'u@example.com'

const plain = (text: string) => text
const theme = {
  title: plain,
  faint: plain,
  status: {ok: plain, warning: plain, error: plain},
} as Theme

/** A text, a gzip archive with a program, and a second encoding that nobody needs. */
const MAIL = Buffer.from(
  `From: a@example.com
Date: Mon, 1 Jan 2024 00:00:00 +0000
Content-Type: multipart/mixed; boundary=b

--b
Content-Transfer-Encoding: 7bit
Content-Transfer-Encoding: base64

aGVsbG8=
--b
Content-Type: application/gzip; name="\u001b[31mrun.exe.gz"
Content-Transfer-Encoding: base64

${gzipSync('MZ program\u0000\u0001', {level: 9}).toString('base64')}
--b--
`,
)

const look = (partsOnly = false): Promise<Examination> =>
  examine(MAIL, settingsFrom(CONFIG), {recipient: RECIPIENT, partsOnly, log: silentLog})

test('explain --json has the parts with members, readings and digests, and the findings', async () => {
  const {parts, mime_err, findings} = JSON.parse(explainJson(await look()))
  assert.equal(mime_err, null)
  assert.deepEqual(Object.keys(parts[0]), [
    'n',
    'parent',
    'kind',
    'placement',
    'type_declared',
    'type_real',
    'type_short',
    'encoding',
    'names',
    'size',
    'sha1',
    'flags',
    'reading',
  ])
  assert.deepEqual(
    parts.map((part: Record<string, unknown>) => [
      part['n'],
      part['parent'],
      part['placement'],
      part['flags'],
    ]),
    [
      [1, 3, '1/1', 'B'],
      [2, 3, '1/2', ''],
      [3, 0, '1', ''],
      [4, 3, '1/1', ''],
      [5, 2, '1/2/1', ''],
    ],
  )
  assert.equal(parts[0].sha1, createHash('sha1').update('aGVsbG8=').digest('hex'))
  assert.equal(parts[2].size, null)
  assert.equal(parts[3].reading, 'Content-Transfer-Encoding: base64')
  assert.equal(parts[4].size, 12)
  const kinds = findings.map(({kind}: {kind: string}) => kind)
  assert.ok(kinds.includes('unchecked'))
})

test('explain --parts-only says what could not be read, and tries no rule', async () => {
  const examination = await look(true)
  assert.equal(examination.banned, undefined)
  assert.ok(examination.findings.every(({kind}) => kind === 'unchecked'))
})

test('the page shows the tree, what rules were tried on, and nothing that a terminal obeys', async () => {
  const page = explainPage(await look(), {theme, columns: 80, recipient: RECIPIENT})
  const lines = page.split('\n')
  assert.ok(lines.includes('p003 1 container'))
  assert.ok(lines.includes('  p002 1/2'))
  assert.ok(lines.includes('    p005 1/2/1'))
  assert.match(page, /tried +multipart\/mixed {2}application\/gzip/)
  assert.match(page, /seen by +clients that read "Content-Transfer-Encoding: base64"/)
  assert.match(page, /found +UNCHECKED-3 p001: Content-Transfer-Encoding: base64/)
  assert.doesNotMatch(page, /\u001b/)
  for (const line of lines) assert.ok(line.length <= 80, line)
})

test('amavis explain reads standard input, and fails with a reason', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-explain-test-'))
  t.after(() => rmSync(folder, {recursive: true}))
  const config = path.join(folder, 'amavisd.conf')
  writeFileSync(config, CONFIG)
  const amavis = path.resolve(import.meta.dirname, '..', '..', '..', 'bin', 'amavis.js')
  const args = [amavis, 'explain', '-', '--json', '--parts-only', '-c', config]
  const {parts} = JSON.parse(execFileSync(process.execPath, args, {input: MAIL, encoding: 'utf8'}))
  assert.equal(parts.length, 5)
  const missing = [amavis, 'explain', path.join(folder, 'mail.eml'), '-c', config]
  assert.throws(() => execFileSync(process.execPath, missing, {stdio: 'pipe'}), /ENOENT.*mail\.eml/)
})
