import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {appendFileSync, renameSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
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
  await readLog({file, id: undefined, mta: undefined}, async ({taskId, entries}) => {
    assert.equal(entries.length, 2)
    seen.add(taskId ?? '')
  })
  assert.equal(seen.size, 5000)
})

test('a followed file is opened anew when it is rotated', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  writeFileSync(file, mail('1-01', 'AAAAA1'))
  const stop = new AbortController()
  const seen: string[] = []
  const followed = followLog({file, id: 'AAAAA1', mta: undefined}, stop.signal, async ({taskId}) => {
    seen.push(taskId ?? '')
  })
  await until('the mail that is there', () => seen.length === 1)
  appendFileSync(file, mail('1-02', 'AAAAA2'))
  renameSync(file, `${file}.1`)
  writeFileSync(file, mail('1-03', 'AAAAA1'))
  await until('the mail after the rotation', () => seen.length > 1)
  stop.abort()
  await followed
  assert.deepEqual(seen, ['1-01', '1-03'])
})
