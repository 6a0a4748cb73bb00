import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {gzipSync} from 'node:zlib'
import {HeadReader, type ParseHead, readHead} from '../../../src/actions/quarantine/heads.ts'
import {parseMarks, readItem} from '../../../src/actions/quarantine/item.ts'
import {temporaryFolder} from '../../support/wait.ts'

const recipients = (count: number) => Array.from({length: count}, (_, n) => `<user${n}@example.com>`)

/** `padding` moves the end of our fields about. */
const mail = (count: number, padding = 0) => `Return-Path: <s@remote.test>
Delivered-To: virus-quarantine
X-Envelope-From: <s@remote.test>
X-Envelope-To: ${recipients(count).join(',\n\t')}
X-Spam-Status: No, score=1${'x'.repeat(padding)}
X-Quarantine-ID: <AAAAAAAAAAAA>
Received: from x
Subject: the subject

${'text '.repeat(3000)}
`

const bsmtp = (count: number) => `EHLO host
MAIL FROM:<b@remote.test>
${recipients(count)
  .map(address => `RCPT TO:${address}`)
  .join('\n')}
DATA
X-Quarantine-ID: <BBBBBBBBBBBB>
Subject: the subject

text
.
`

const crlf = (text: string) => text.replaceAll('\n', '\r\n')

const forms: readonly (readonly [title: string, content: (count: number) => string | Buffer])[] = [
  ['plain', mail],
  ['with CRLF', count => crlf(mail(count))],
  ['compressed', count => gzipSync(mail(count))],
  ['BSMTP', bsmtp],
  ['BSMTP with CRLF', count => crlf(bsmtp(count))],
  ['BSMTP compressed', count => gzipSync(bsmtp(count))],
]

for (const [title, content] of forms)
  for (const count of [1, 150, 3000])
    test(`of a mail for ${count}, ${title}, all that is above it is read`, t => {
      const root = temporaryFolder(t)
      writeFileSync(path.join(root, 'x'), content(count))
      const read = readItem(root, {name: 'x', size: 1, at: 1})
      assert.equal(read.kind, 'item')
      assert.equal(read.item.stored.recipients.length, count)
      assert.equal(read.item.subject, 'the subject')
      assert.match(read.item.stored.mailId ?? '', /^[AB]{12}$/)
    })

test('wherever the first octets that are read end, nothing of ours is missed', async t => {
  const root = temporaryFolder(t)
  const files = Array.from({length: 400}, (_, n) => path.join(root, `spam-${n}`))
  for (const [n, file] of files.entries()) writeFileSync(file, mail(1, 3700 + n))
  const heads = await new HeadReader().read(files, parseMarks)
  for (const head of heads) {
    assert.ok(head.kind === 'read' && head.value && head.value !== 'more')
    assert.equal(head.value.stored.mailId, 'AAAAAAAAAAAA')
  }
})

for (const [how, cachedMs] of [
  ['one after the other', 1e9],
  ['beside each other', 0],
] as const)
  test(`heads that are read ${how} are in the order of the files, and none spoils another`, async t => {
    const root = temporaryFolder(t)
    const contents = Array.from({length: 100}, (_, n) => `${n} `.repeat(n * 50))
    const files = contents.map((_, n) => path.join(root, String(n)))
    for (const [n, file] of files.entries()) writeFileSync(file, contents[n] ?? '')
    files.splice(20, 0, path.join(root, 'none'))
    contents.splice(20, 0, 'missing')
    const all: ParseHead<string> = (head, isAll) => (isAll ? head.toString() : 'more')
    const heads = await new HeadReader(cachedMs).read(files, all)
    assert.deepEqual(
      heads.map(head => (head.kind === 'read' ? head.value : head.kind)),
      contents,
    )
  })

test('links, folders and pipes are no files; what is damaged has failed', async t => {
  const root = temporaryFolder(t)
  const at = (name: string) => path.join(root, name)
  symlinkSync('/etc/passwd', at('link'))
  mkdirSync(at('folder'))
  execFileSync('mkfifo', [at('pipe')])
  writeFileSync(at('damaged.gz'), gzipSync(mail(1)).fill(0, 20, 60))
  const names = ['link', 'folder', 'pipe', 'none', 'damaged.gz']
  const heads = await new HeadReader().read(names.map(at), parseMarks)
  assert.deepEqual(
    heads.map(({kind}) => kind),
    ['missing', 'missing', 'missing', 'missing', 'failed'],
  )
})

test('a head without an end is given up within bounds', t => {
  const file = path.join(temporaryFolder(t), 'x')
  const asked: number[] = []
  const never: ParseHead<string> = (head, isAll) => {
    asked.push(head.length)
    return isAll ? 'all' : 'more'
  }
  for (const content of [Buffer.alloc(30_000_000, 'x'), gzipSync(Buffer.alloc(300_000_000))]) {
    writeFileSync(file, content)
    assert.deepEqual(readHead(file, never), {kind: 'read', value: 'all'})
  }
  assert.ok(Math.max(...asked) <= 4 * 1024 * 1024)
})
