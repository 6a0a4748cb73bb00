import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {appendFileSync, renameSync, truncateSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {gzipSync} from 'node:zlib'
import {followLog, readLog} from '../../../src/tui/log/read-log.ts'
import {AMAVIS, amavis} from '../../support/amavis.ts'
import {temporaryFolder, until} from '../../support/wait.ts'

const line = (id: string, text: string) => `Jan 15 10:00:00 h amavis[${id.split('-')[0]}]: (${id}) ${text}\n`
const mail = (id: string, queueId: string) =>
  line(id, 'begin') +
  line(id, `Passed CLEAN {}, <a> -> <b>, Queue-ID: ${queueId}, mail_id: m${queueId}, Hits: -`)

test('one mail is chosen by its queue id, with the lines of Postfix from the same file', async t => {
  const file = path.join(temporaryFolder(t), 'mail.log')
  writeFileSync(
    file,
    `${mail('1-01', 'AAAAA1')}Jan 15 10:00:01 h postfix/qmgr[3]: AAAAA1: removed\n${mail('1-02', 'AAAAA2')}`,
  )
  const ended = await amavis('log', '--file', file, '--mta', file, 'AAAAA1', '--json')
  assert.equal(ended.status, 0, ended.stderr)
  const found = JSON.parse(ended.stdout)
  assert.equal(found.mail_id, 'mAAAAA1')
  assert.equal(found.lines.at(-1).text, 'AAAAA1: removed')
  const none = await amavis('log', '--file', file, 'nothing')
  assert.equal(none.status, 1)
  assert.match(none.stderr, /there is no mail nothing/)
})

test('the log may come by standard input, with an id or without', () => {
  const input = mail('1-01', 'AAAAA1') + mail('1-02', 'AAAAA2')
  const shown = (...args: string[]) =>
    execFileSync(process.execPath, [AMAVIS, 'log', '--file', '-', ...args], {input, encoding: 'utf8'})
  assert.equal(shown('mAAAAA2').trimEnd(), mail('1-02', 'AAAAA2').trimEnd())
  assert.match(shown(), /1-01.*\n\n.*1-02/)
})

test('all mails are shown though many are in one block', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  writeFileSync(file, Array.from({length: 5000}, (_, n) => mail(`${n % 7}-${n}`, `AAAA${n}`)).join(''))
  const seen = new Set<string>()
  await readLog({files: [file], id: undefined, mta: []}, async ({taskId, entries}) => {
    assert.equal(entries.length, 2)
    seen.add(taskId ?? '')
  })
  assert.equal(seen.size, 5000)
})

test('compressed files are unpacked, and several are one log', async t => {
  const folder = temporaryFolder(t)
  const [old, older, now] = ['log.1', 'log.2.gz', 'log'].map(name => path.join(folder, name)) as [
    string,
    string,
    string,
  ]
  // the mail begins in one file and ends in the next
  const whole = mail('1-01', 'AAAAA1')
  const cut = whole.indexOf('\n') + 1
  writeFileSync(older, gzipSync(mail('1-00', 'AAAAA0') + whole.slice(0, cut)))
  writeFileSync(old, whole.slice(cut))
  writeFileSync(now, mail('1-02', 'AAAAA2'))
  const args = [older, old, now].flatMap(file => ['--file', file])
  const ended = await amavis('log', ...args, 'AAAAA1')
  assert.equal(ended.stdout, `${whole}\n`)
  const all = await amavis('log', ...args)
  assert.equal(all.stdout.match(/Passed/g)?.length, 3)
  const input = gzipSync(whole)
  assert.match(
    execFileSync(process.execPath, [AMAVIS, 'log', '--file', '-'], {input, encoding: 'utf8'}),
    /Passed CLEAN/,
  )
})

test('a compressed file that is damaged or cut is named', async t => {
  const file = path.join(temporaryFolder(t), 'log.gz')
  const packed = gzipSync(mail('1-01', 'AAAAA1').repeat(100))
  for (const content of [packed.subarray(0, -20), packed.fill(0, 30, 60)]) {
    writeFileSync(file, content)
    const ended = await amavis('log', '--file', file)
    assert.equal(ended.status, 1)
    assert.match(ended.stderr, /log\.gz: [a-z]/)
  }
  writeFileSync(file, gzipSync(''))
  assert.deepEqual(await amavis('log', '--file', file), {status: 0, stdout: '', stderr: ''})
})

test('what cannot be an id but is a file is said to be one', async t => {
  const file = path.join(temporaryFolder(t), 'log.gz')
  writeFileSync(file, gzipSync(''))
  const ended = await amavis('log', '--file', file, file)
  assert.match(
    ended.stderr,
    /there is no mail .*; to read the file of this name: amavis log --file .*log\.gz\n$/,
  )
})

/** Follow a log for the mails of one queue id; what was shown so far. */
function follow(t: TestContext, files: readonly string[], id = 'AAAAA1') {
  const stop = new AbortController()
  const seen: string[] = []
  const followed = followLog({files, id, mta: []}, stop.signal, async ({taskId, entries}) => {
    seen.push(`${taskId} ${entries.length}`)
  })
  t.after(async () => {
    stop.abort()
    await followed
  })
  return seen
}

test('a followed file that is renamed is read on beside the new one: who writes to it is told later', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  writeFileSync(file, mail('1-01', 'AAAAA1'))
  const seen = follow(t, [file])
  await until('the mail that is there', () => seen.length === 1)
  renameSync(file, `${file}.1`)
  appendFileSync(`${file}.1`, mail('1-02', 'AAAAA1'))
  await until('a mail while there is no new file', () => seen.length === 2)
  writeFileSync(file, mail('1-03', 'AAAAA1'))
  await until('a mail of the new file', () => seen.length === 3)
  appendFileSync(`${file}.1`, mail('2-01', 'AAAAA1'))
  await until('a mail of a child that still has the old file', () => seen.length === 4)
  renameSync(file, `${file}.2`)
  writeFileSync(file, '')
  appendFileSync(file, mail('1-04', 'AAAAA1'))
  await until('a mail after the next rotation', () => seen.length === 5)
  assert.deepEqual(seen, ['1-01 2', '1-02 2', '1-03 2', '2-01 2', '1-04 2'])
})

test('a followed file that is copied and truncated is read from its start', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  writeFileSync(file, mail('1-01', 'AAAAA1') + mail('1-02', 'AAAAA2'))
  const seen = follow(t, [file])
  await until('the mail that is there', () => seen.length === 1)
  truncateSync(file)
  appendFileSync(file, mail('1-03', 'AAAAA1'))
  await until('the mail after it', () => seen.length === 2)
  assert.deepEqual(seen, ['1-01 2', '1-03 2'])
})

test('with several files the last is followed, and none that is compressed', async t => {
  const folder = temporaryFolder(t)
  const [old, file] = ['log.1.gz', 'log'].map(name => path.join(folder, name)) as [string, string]
  writeFileSync(old, gzipSync(mail('1-01', 'AAAAA1')))
  writeFileSync(file, '')
  const seen = follow(t, [old, file])
  await until('the old one', () => seen.length === 1)
  appendFileSync(file, mail('1-02', 'AAAAA1'))
  await until('the new one', () => seen.length === 2)
  await assert.rejects(
    followLog({files: [old], id: undefined, mta: []}, AbortSignal.timeout(10_000), async () => {}),
    /log\.1\.gz is compressed/,
  )
})
