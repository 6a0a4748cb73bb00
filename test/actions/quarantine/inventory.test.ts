import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, realpathSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {gzipSync} from 'node:zlib'
import {findItem} from '../../../src/actions/quarantine/find.ts'
import {newest} from '../../../src/actions/quarantine/newest.ts'
import {type PurgeOptions, purge} from '../../../src/actions/quarantine/purge.ts'
import {durationMs, isMeant, octets, type Selection} from '../../../src/actions/quarantine/select.ts'
import {temporaryFolder} from '../../support/wait.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000

interface Given {
  readonly id?: string
  readonly address?: string
  readonly to?: string
  readonly sender?: string
  readonly subject?: string
}

const mail = ({id = 'AAAAAAAAAAAA', address = 'spam', to = 'user@example.com', ...more}: Given = {}) =>
  `Return-Path: <${more.sender ?? 's@remote.test'}>
Delivered-To: ${address}-quarantine
X-Envelope-From: <${more.sender ?? 's@remote.test'}>
X-Envelope-To: <${to}>, <other@example.org>
X-Envelope-To-Blocked: <${to}>
X-Quarantine-ID: <${id}>
X-Spam-Status: Yes, score=12.5 tag=2 tag2=6 kill=6 tests=[A=1]
Received: from x
Subject: ${more.subject ?? '=?utf-8?q?=C3=B6ld?='}

text
`

function put(root: string, name: string, content: string | Buffer, ageMs = HOUR): void {
  const file = path.join(root, name)
  mkdirSync(path.dirname(file), {recursive: true})
  writeFileSync(file, content)
  utimesSync(file, new Date(NOW - ageMs), new Date(NOW - ageMs))
}

/** Three mails, and what is none. */
function quarantine(t: TestContext): string {
  const root = realpathSync(temporaryFolder(t))
  put(root, 'spam-AAAAAAAAAAAA.gz', gzipSync(mail()), HOUR)
  put(root, 'B/virus-BBBBBBBBBBBB', mail({id: 'BBBBBBBBBBBB', address: 'virus', sender: ''}), 50 * HOUR)
  put(
    root,
    'banned-CCCCCCCCCCCC',
    `MAIL FROM:<x@y.test>\nRCPT TO:<boss@example.com>\nDATA\nX-Quarantine-ID: <CCCCCCCCCCCC>\nX-Amavis-Alert: BANNED, x\nSubject: y\n\n.\n`,
    100 * HOUR,
  )
  put(root, 'archive.mbox', `From s@remote.test Sun Nov 22 12:00:00 2026\n${mail()}`, 999 * HOUR)
  put(root, 'backup.tar.gz', gzipSync('no mail'), 999 * HOUR)
  put(root, 'noise', Buffer.alloc(100_000, 0xff), 999 * HOUR)
  put(root, 'damaged.gz', gzipSync(mail()).fill(0, 20, 60), 999 * HOUR)
  put(root, 'empty', '', 999 * HOUR)
  put(root, '.spam-DDDDDDDDDDDD.123.partial', mail(), HOUR)
  symlinkSync('/etc/passwd', path.join(root, 'link'))
  symlinkSync('/', path.join(root, 'slash'))
  return root
}

test('the list has the mails, newest first, by what stands above them', async t => {
  const {items, files, unreadable} = await newest(quarantine(t), {}, 10)
  assert.equal(files, 3)
  assert.deepEqual(
    items.map(({name, category, stored, subject, score}) => [
      name,
      category,
      stored.mailId,
      stored.sender,
      subject,
      score,
    ]),
    [
      ['spam-AAAAAAAAAAAA.gz', 'spam', 'AAAAAAAAAAAA', 's@remote.test', 'öld', '12.5'],
      ['B/virus-BBBBBBBBBBBB', 'virus', 'BBBBBBBBBBBB', '', 'öld', '12.5'],
      ['banned-CCCCCCCCCCCC', 'banned', 'CCCCCCCCCCCC', 'x@y.test', 'y', ''],
    ],
  )
  assert.deepEqual(
    unreadable.map(({name}) => name),
    ['damaged.gz'],
  )
})

const selections: readonly (readonly [selection: Selection, ids: string])[] = [
  [{before: NOW - 24 * HOUR}, 'BC'],
  [{since: NOW - 24 * HOUR}, 'A'],
  [{categories: ['virus', 'banned']}, 'BC'],
  [{sender: 'S@REMOTE.test'}, 'A'],
  [{sender: ''}, 'B'],
  [{sender: '@y.test'}, 'C'],
  [{sender: 'x*@*est'}, 'C'],
  [{sender: '*z*'}, ''],
  [{recipient: 'user@example.com'}, 'AB'],
  [{recipient: '@example.org'}, 'AB'],
  [{recipient: 'boss@*'}, 'C'],
  [{mailIds: ['CCCCCCCCCCCC', 'x']}, 'C'],
  [{largerThan: 1_000_000}, ''],
]

for (const [selection, ids] of selections) {
  test(`${JSON.stringify(selection)} means ${ids || 'none'}`, async t => {
    const {items} = await newest(quarantine(t), selection, 10)
    assert.equal(items.map(({stored}) => stored.mailId?.[0]).join(''), ids)
    assert.ok(items.every(item => isMeant(item, selection)))
  })
}

const options = (selection: Selection, more: Partial<PurgeOptions> = {}): PurgeOptions => ({
  selection,
  dryRun: false,
  now: NOW,
  failed: (name, reason) => assert.fail(`${name}: ${reason}`),
  ...more,
})

test('a purge removes the mails that are meant and nothing else', async t => {
  const root = quarantine(t)
  const before = readdirSync(root)
  const dry = await purge(root, options({before: NOW - 24 * HOUR}, {dryRun: true}))
  assert.equal(dry.files, 2)
  assert.deepEqual(readdirSync(root), before)
  const purged = await purge(root, options({before: NOW - 24 * HOUR}))
  assert.equal(purged.files, 2)
  assert.equal(purged.octets, dry.octets)
  assert.deepEqual(
    before.filter(name => !readdirSync(root).includes(name)),
    ['banned-CCCCCCCCCCCC'],
  )
  assert.deepEqual(readdirSync(path.join(root, 'B')), [])
})

test('by category only that goes; what was left half done goes after a day', async t => {
  const root = quarantine(t)
  put(root, '.spam-EEEEEEEEEEEE.99.partial', 'x', 48 * HOUR)
  const purged = await purge(root, options({categories: ['spam']}))
  assert.equal(purged.files, 2)
  assert.ok(!readdirSync(root).includes('spam-AAAAAAAAAAAA.gz'))
  assert.ok(!readdirSync(root).includes('.spam-EEEEEEEEEEEE.99.partial'))
  assert.ok(readdirSync(root).includes('.spam-DDDDDDDDDDDD.123.partial'))
})

test('with a size to keep the oldest go until the rest fits', async t => {
  const root = realpathSync(temporaryFolder(t))
  const size = Buffer.byteLength(mail())
  for (let n = 0; n < 10; n++) put(root, `spam-${n}`, mail(), n * HOUR)
  await purge(root, options({}, {keep: size * 4 + 10}))
  assert.deepEqual(readdirSync(root).sort(), ['spam-0', 'spam-1', 'spam-2', 'spam-3'])
  await purge(root, options({}, {keep: size * 100}))
  assert.equal(readdirSync(root).length, 4)
  await purge(root, options({}, {keep: 0}))
  assert.deepEqual(readdirSync(root), [])
})

test('ten thousand files are listed and removed', async t => {
  const root = realpathSync(temporaryFolder(t))
  for (let n = 0; n < 10_000; n++) writeFileSync(path.join(root, `spam-${n}`), mail())
  const listing = await newest(root, {}, 5)
  assert.equal(listing.files, 10_000)
  assert.equal(listing.items.length, 5)
  const purged = await purge(root, options({before: Date.now() + HOUR}))
  assert.equal(purged.files, 10_000)
  assert.deepEqual(readdirSync(root), [])
})

test('a small file that unpacks to a lot is read at its beginning only', async t => {
  const root = realpathSync(temporaryFolder(t))
  put(root, 'spam-AAAAAAAAAAAA.gz', gzipSync(Buffer.concat([Buffer.from(mail()), Buffer.alloc(200_000_000)])))
  const before = process.memoryUsage().rss
  const {items} = await newest(root, {}, 5)
  assert.equal(items[0]?.stored.mailId, 'AAAAAAAAAAAA')
  assert.ok(process.memoryUsage().rss - before < 100_000_000)
})

test('a mail is found by its name and by its mail_id, and nothing outside', async t => {
  const root = quarantine(t)
  assert.equal((await findItem(root, 'BBBBBBBBBBBB'))?.name, 'B/virus-BBBBBBBBBBBB')
  assert.equal((await findItem(root, 'B/virus-BBBBBBBBBBBB'))?.stored.mailId, 'BBBBBBBBBBBB')
  for (const name of ['AAAA', '../etc/passwd', '/etc/passwd', 'link', 'noise', '', '.', 'slash/etc/passwd']) {
    assert.equal(await findItem(root, name), undefined, name)
  }
})

test('times and sizes are written as people do', () => {
  assert.deepEqual(['90s', '15m', '12h', '30d', '2w', '1.5h', '5', 'h', ''].map(durationMs), [
    90_000,
    900_000,
    12 * HOUR,
    720 * HOUR,
    336 * HOUR,
    1.5 * HOUR,
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(['500', '10k', '10M', '2GiB', '1tb', 'x'].map(octets), [
    500,
    10_240,
    10 * 1024 ** 2,
    2 * 1024 ** 3,
    1024 ** 4,
    undefined,
  ])
})
