import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createWriteStream} from 'node:fs'
import {mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import test, {type TestContext} from 'node:test'
import {gunzipSync} from 'node:zlib'
import {type LocalCopy, type LocalStore, storeLocally} from '../../../src/actions/quarantine/local.ts'
import {octetsOf} from '../../../src/message/octets.ts'

const MAIL = Buffer.from('Subject: a\r\n\r\nbody \xff\r\n\r\nFrom here\r\n>From there\r\nend\r\n', 'latin1')
const HEADER_SIZE = MAIL.indexOf('\r\n\r\n') + 4
const HEAD = 'X-Envelope-From: <sender@remote.test>\r\n'
const STORED_TAIL = MAIL.toString('latin1').replaceAll('\r\n', '\n')

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'amavis-quarantine-'))
  t.after(() => rm(path, {recursive: true, force: true}))
  return path
}

const copy = (more: Partial<LocalCopy> = {}): LocalCopy => ({
  template: 'virus-%m',
  targets: ['virus-quarantine'],
  head: HEAD,
  octets: octetsOf(MAIL),
  headerSize: HEADER_SIZE,
  sender: 'sender@remote.test',
  mailId: 'Z7mjPTnrsiBW',
  taskId: '09768-17',
  partition: '23',
  at: Date.UTC(2026, 10, 22, 15, 8, 53),
  ...more,
})

const store = (quarantineDir: string | undefined, more: Partial<LocalStore> = {}): LocalStore => ({
  quarantineDir,
  subdirLevels: 0,
  aliases: new Map(),
  ...more,
})

// As the master has it: modes are asked for under this mask.
process.umask(0o027)

test('a copy is a file of mode 0640 with LF line ends, delivery fields first, then the mail unchanged', async t => {
  const dir = await folder(t)
  const stored = await storeLocally(copy(), store(dir))
  assert.deepEqual(stored, {kind: 'stored', locations: ['virus-Z7mjPTnrsiBW'], letter: 'F'})
  const path = join(dir, 'virus-Z7mjPTnrsiBW')
  assert.equal((await stat(path)).mode & 0o777, 0o640)
  assert.equal(
    await readFile(path, 'latin1'),
    'Return-Path: <sender@remote.test>\nDelivered-To: virus-quarantine\n' +
      `X-Envelope-From: <sender@remote.test>\n${STORED_TAIL}`,
  )
  assert.deepEqual(await readdir(dir), ['virus-Z7mjPTnrsiBW'])
})

test('a name that ends in .gz is compressed', async t => {
  const dir = await folder(t)
  const stored = await storeLocally(copy({template: 'spam-%m.gz'}), store(dir))
  assert.deepEqual(stored, {kind: 'stored', locations: ['spam-Z7mjPTnrsiBW.gz'], letter: 'Z'})
  const text = gunzipSync(await readFile(join(dir, 'spam-Z7mjPTnrsiBW.gz'))).toString('latin1')
  assert.ok(text.endsWith(STORED_TAIL))
})

test('all placeholders of a name', async t => {
  const dir = await folder(t)
  const template = '%m_%n_%i_%P_%b_%%_%x'
  const stored = await storeLocally(copy({template, taskId: 'a/b-01'}), store(dir))
  assert.equal(stored.kind, 'stored')
  const [name = ''] = stored.kind === 'stored' ? stored.locations : []
  assert.match(name, /^Z7mjPTnrsiBW_a=b-01_2026112\dT\d{6}_23_[0-9a-f]{32}_%_%x$/)
  assert.deepEqual(await readdir(dir), [name])
})

test('an empty template is the mail_id', async t => {
  const dir = await folder(t)
  await storeLocally(copy({template: ''}), store(dir))
  assert.deepEqual(await readdir(dir), ['Z7mjPTnrsiBW'])
})

test('with one level of subfolders a file goes under the first character of its mail_id', async t => {
  const dir = await folder(t)
  for (const mailId of ['Z7mjPTnrsiBW', 'Zother12345a']) {
    const stored = await storeLocally(copy({mailId}), store(dir, {subdirLevels: 1}))
    assert.deepEqual(stored, {kind: 'stored', locations: [`Z/virus-${mailId}`], letter: 'F'})
  }
  assert.equal((await stat(join(dir, 'Z'))).mode & 0o777 & ~0o027, 0o750)
})

test('an existing file is never overwritten', async t => {
  const dir = await folder(t)
  await writeFile(join(dir, 'virus-Z7mjPTnrsiBW'), 'precious')
  const stored = await storeLocally(copy(), store(dir))
  assert.equal(stored.kind, 'failed')
  assert.equal(await readFile(join(dir, 'virus-Z7mjPTnrsiBW'), 'utf8'), 'precious')
  assert.deepEqual(await readdir(dir), ['virus-Z7mjPTnrsiBW'])
})

test('a folder that cannot be written to is a failure and leaves nothing', async t => {
  const dir = await folder(t)
  // Modes do not stop root, a plain file in the middle of the path stops everybody.
  await writeFile(join(dir, 'Z'), '')
  const stored = await storeLocally(copy(), store(dir, {subdirLevels: 1}))
  assert.equal(stored.kind, 'failed')
  assert.match(stored.kind === 'failed' ? stored.reason : '', /^Local delivery to virus-quarantine failed: /)
  assert.deepEqual(await readdir(dir), ['Z'])
})

test('a disk that fills up while writing is a failure and leaves nothing', async t => {
  const dir = await folder(t)
  await symlink('/dev/full', join(dir, 'archive.mbox'))
  const stored = await storeLocally(copy({targets: ['archive-mbox']}), store(dir))
  assert.match(stored.kind === 'failed' ? stored.reason : '', /ENOSPC/)
  assert.deepEqual(await readdir(dir), ['archive.mbox'])
})

test('a mail that cannot be read to its end leaves no file', async t => {
  const dir = await folder(t)
  const octets = {size: 100, memory: undefined, path: join(dir, 'gone')}
  for (const template of ['virus-%m', 'virus-%m.gz']) {
    const stored = await storeLocally(copy({octets, template}), store(dir))
    assert.match(stored.kind === 'failed' ? stored.reason : '', /ENOENT/)
  }
  assert.deepEqual(await readdir(dir), [])
})

test('without a quarantine folder nothing is stored, which is no failure', async () => {
  const none = {kind: 'stored', locations: [], letter: undefined}
  assert.deepEqual(await storeLocally(copy(), store(undefined)), none)
})

test('a large mail is streamed from its file, CRLFs across chunks included', async t => {
  const dir = await folder(t)
  const path = join(dir, 'email.txt')
  // 8191 octets a line: CR and LF fall on both sides of a chunk's end somewhere.
  const line = `${'x'.repeat(8189)}\r\n`
  const writer = createWriteStream(path)
  for (let n = 0; n < 400; n++) writer.write(line)
  writer.end()
  await once(writer, 'close')
  const {size} = await stat(path)
  const stored = await storeLocally(copy({octets: {size, memory: undefined, path}, head: ''}), store(dir))
  assert.equal(stored.kind, 'stored')
  const text = await readFile(join(dir, 'virus-Z7mjPTnrsiBW'), 'latin1')
  const lines = text.split('\n').slice(2, -1)
  assert.equal(lines.length, 400)
  assert.ok(lines.every(each => each === 'x'.repeat(8189)))
})

test('an alias leads to another folder, with a file name of its own', async t => {
  const dir = await folder(t)
  await mkdir(join(dir, 'elsewhere'))
  const pair = {kind: 'array' as const, items: [join(dir, 'elsewhere'), 'v-%m']}
  const aliases = new Map([['virus-quarantine', {kind: 'ref' as const, to: pair}]])
  const stored = await storeLocally(copy(), store(dir, {aliases, subdirLevels: 1}))
  assert.deepEqual(stored, {kind: 'stored', locations: ['elsewhere/v-Z7mjPTnrsiBW'], letter: 'F'})
})

test('an alias that is empty or undef means not to store', async t => {
  const dir = await folder(t)
  for (const value of ['', undefined]) {
    const aliases = new Map([['virus-quarantine', value]])
    assert.deepEqual(await storeLocally(copy(), store(dir, {aliases})), {
      kind: 'stored',
      locations: [],
      letter: undefined,
    })
  }
  assert.deepEqual(await readdir(dir), [])
})

test('an address without an alias falls back to the quarantine folder; two names for one place are one copy', async t => {
  const dir = await folder(t)
  const stored = await storeLocally(copy({targets: ['whatever', 'spam-quarantine']}), store(dir))
  assert.deepEqual(stored, {kind: 'stored', locations: ['virus-Z7mjPTnrsiBW'], letter: 'F'})
})

test("the sender's own quarantine has a file name made safe", async t => {
  const dir = await folder(t)
  const sender = `a/../${'b'.repeat(120)}%m@remote.test`
  const stored = await storeLocally(copy({targets: ['sender-quarantine'], sender}), store(dir))
  const [name = ''] = stored.kind === 'stored' ? stored.locations : []
  assert.match(name, /^sender-a=\.\.=b{95}\.\.\.-Z7mjPTnrsiBW\.gz$/)
})

test('an mbox file gets an entry after another, quoted and separated', async t => {
  const dir = await folder(t)
  const aliases = new Map([['virus-quarantine', join(dir, 'mbox')]])
  for (const sender of ['sender@remote.test', '']) {
    const stored = await storeLocally(copy({sender, head: ''}), store(dir, {aliases}))
    assert.deepEqual(stored, {kind: 'stored', locations: ['mbox'], letter: 'M'})
  }
  const body = 'Subject: a\n\nbody \xff\n\n>From here\n>>From there\nend\n\n'
  const entry = (from: string, path: string) =>
    `From ${from} Sun Nov 22 15:08:53 2026\nReturn-Path: <${path}>\nDelivered-To: virus-quarantine\n${body}`
  assert.equal(
    await readFile(join(dir, 'mbox'), 'latin1'),
    entry('sender@remote.test', 'sender@remote.test') + entry('MAILER-DAEMON', ''),
  )
  assert.deepEqual(await readdir(dir), ['mbox'])
  assert.equal((await stat(join(dir, 'mbox'))).mode & 0o777 & ~0o027, 0o640)
})

test('an entry that fails half-way is taken off the mbox file again', async t => {
  const dir = await folder(t)
  await writeFile(join(dir, 'archive.mbox'), 'before\n')
  const octets = {size: 100, memory: undefined, path: join(dir, 'gone')}
  const stored = await storeLocally(copy({targets: ['archive-mbox'], octets}), store(dir))
  assert.equal(stored.kind, 'failed')
  assert.equal(await readFile(join(dir, 'archive.mbox'), 'utf8'), 'before\n')
  assert.deepEqual(await readdir(dir), ['archive.mbox'])
})

test('entries written at the same time do not mix', async t => {
  const dir = await folder(t)
  const line = `${'x'.repeat(70)}\r\n`.repeat(3000)
  const octets = octetsOf(Buffer.from(`Subject: a\r\n\r\n${line}`))
  const results = await Promise.all(
    Array.from({length: 5}, () => storeLocally(copy({targets: ['archive-mbox'], octets}), store(dir))),
  )
  assert.ok(results.every(({kind}) => kind === 'stored'))
  const entries = (await readFile(join(dir, 'archive.mbox'), 'latin1')).split(/^From /m).slice(1)
  assert.equal(entries.length, 5)
  assert.equal(new Set(entries).size, 1)
})

test('a lock that another holds ends in a failure, not in a wait for ever', async t => {
  const dir = await folder(t)
  await writeFile(join(dir, 'archive.mbox.lock'), '')
  const stored = await storeLocally(copy({targets: ['archive-mbox']}), store(dir, {lockTimeoutMs: 60}))
  assert.match(stored.kind === 'failed' ? stored.reason : '', /held by another process/)
  assert.deepEqual(await readdir(dir), ['archive.mbox.lock'])
})
