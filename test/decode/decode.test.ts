import assert from 'node:assert/strict'
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import zlib from 'node:zlib'
import {createDecoder} from '../../src/decode/decode.ts'
import {openingOf} from '../../src/decode/format.ts'
import type {Decoded, DecodeLimits} from '../../src/decode/member.ts'
import {bufferSource} from '../../src/decode/source.ts'
import {typeOf} from '../../src/decode/types.ts'
import {tar, zip} from './archives.ts'

const decode = createDecoder()
const WIDE: DecodeLimits = {bytes: 1e8, quota: 1e8, files: 1000, maxFiles: 1000}
const HELLO = Buffer.from('hello, world\n'.repeat(20))

async function open(archive: Buffer, limits = WIDE, folder?: string): Promise<Decoded> {
  const opening = openingOf(archive, typeOf(archive).short)
  assert.ok(opening, 'not seen as an archive')
  return await decode(bufferSource(archive), {opening, limits, folder, fileName: index => `f${index}`})
}

/** Members in short: `name:content`, with a mark for what is not a whole file. */
function short({members, problems}: Decoded): string[] {
  return [
    ...members.map(({kind, names, content, problem}) =>
      [names.join('|'), kind === 'file' ? content.toString('latin1', 0, 5) : kind, problem?.kind]
        .filter(word => word !== undefined)
        .join(':'),
    ),
    ...problems.map(({kind}) => `!${kind}`),
  ]
}

const a = {name: 'a.txt', content: HELLO}

/** Broken and honest archives, and what is in them for anybody who can open them. */
const READINGS: readonly [title: string, archive: Buffer, members: readonly string[]][] = [
  [
    'a zip of two members',
    zip([a, {name: 'b/', content: Buffer.alloc(0), method: 0}]),
    ['a.txt:hello', 'b/:directory'],
  ],
  [
    'a zip with sizes behind the data',
    zip([
      {...a, flags: 8},
      {...a, name: 'c'},
    ]),
    ['a.txt:hello', 'c:hello'],
  ],
  ['a zip behind other octets', zip([a], {before: Buffer.from('MZ'.padEnd(900))}), ['a.txt:hello']],
  ['a zip without its directory', zip([a]).subarray(0, -70), ['a.txt:hello', '!corrupt']],
  [
    'a zip with an unlisted member',
    zip([a, {...a, name: 'hidden', unlisted: true}]),
    ['a.txt:hello', 'hidden:hello'],
  ],
  ['a zip that lists another name', zip([{...a, listed: {name: 'b.exe'}}]), ['b.exe|a.txt:hello']],
  [
    'a zip that lists another method',
    zip([{...a, method: 0, listed: {method: 8}}]),
    ['a.txt::corrupt', 'a.txt:hello'],
  ],
  ['a zip with an encrypted member', zip([{...a, flags: 1, crc: 1}]), ['a.txt::encrypted']],
  ['a zip that lies about encryption', zip([{...a, flags: 1}]), ['a.txt:hello']],
  ['a zip with a wrong checksum', zip([{...a, crc: 1}]), ['a.txt:hello:corrupt']],
  ['a zip with a method that nobody has', zip([{...a, method: 77}]), ['a.txt::unsupported']],
  [
    'a zip with two entries for one member',
    zip([a, {...a, name: 'b', listed: {offset: 0}}]),
    ['a.txt:hello', 'b:link', 'b:hello'],
  ],
  [
    'a zip in a zip that is not packed',
    zip([{name: 'in.zip', content: zip([a]), method: 0}]),
    ['in.zip:PK\x03\x04\x14'],
  ],
  ['a zip with a link of Unix', zip([{...a, mode: 0o120777}]), ['a.txt:link', 'a.txt:hello']],
  [
    'two zips one behind the other',
    Buffer.concat([zip([a]), zip([{...a, name: 'b'}])]),
    ['b:hello', 'a.txt:hello'],
  ],
  ['a gzip stream', zlib.gzipSync(HELLO), [':hello']],
  ['two gzip members', Buffer.concat([zlib.gzipSync(HELLO), zlib.gzipSync(HELLO)]), [':hello']],
  [
    'a gzip stream that is cut off',
    zlib.gzipSync(zlib.gzipSync(HELLO)).subarray(0, -20),
    [':\x1f\x8b\x08\0\0:corrupt'],
  ],
  ['octets behind a gzip stream', Buffer.concat([zlib.gzipSync(HELLO), HELLO]), [':hello', ':hello']],
  ['a tar archive', tar([{name: 'd/', type: '5'}, a]), ['d/:directory', 'a.txt:hello']],
  [
    'a tar archive with a link, a device and a path out of it',
    tar([
      {name: 'l', type: '2'},
      {name: 'dev', type: '3'},
      {...a, name: '../../etc/x'},
    ]),
    ['l:link', 'dev:special', '../../etc/x:hello'],
  ],
  [
    'two tar archives one behind the other',
    Buffer.concat([tar([a]), tar([{...a, name: 'b'}])]),
    ['a.txt:hello', 'b:hello'],
  ],
  ['a tar archive that is cut off', tar([a]).subarray(0, 700), ['a.txt:hello:corrupt', '!corrupt']],
  [
    'a cpio archive',
    Buffer.concat([cpio('a.txt', HELLO), cpio('TRAILER!!!', Buffer.alloc(0))]),
    ['a.txt:hello'],
  ],
  ['a cpio archive without its end', cpio('a.txt', HELLO), ['a.txt:hello', '!corrupt']],
  ['an ar archive', ar('a.txt', HELLO), ['a.txt:hello']],
]

for (const [title, archive, members] of READINGS) {
  test(`members of ${title}`, async () => assert.deepEqual(short(await open(archive)), members))
}

test('a bomb is stopped by what it becomes, not by what it says', async () => {
  const bomb = zip([
    {name: 'zeros', content: Buffer.alloc(3_000_000)},
    {...a, name: 'never'},
  ])
  const {members, problems} = await open(bomb, {...WIDE, bytes: 100_000, quota: 200_000})
  assert.equal(members.length, 1)
  assert.ok(members[0]!.size <= 100_000)
  assert.match(problems[0]!.reason, /^Exceeded storage quota 200000 bytes by zip; last chunk \d+ bytes$/)
})

test('members beyond the number that is allowed are not unpacked', async () => {
  const many = zip(Array.from({length: 20}, (_, index) => ({...a, name: `${index}`})))
  const {members, problems} = await open(many, {...WIDE, files: 5})
  assert.equal(members.length, 5)
  assert.equal(problems[0]!.reason, 'Maximum number of files (1000) exceeded by zip')
})

test('a large member is a file with a name of ours, and its beginning stays in memory', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'decode-'))
  try {
    const large = Buffer.alloc(9_000_000, 'abcdefgh')
    const {members} = await open(zlib.gzipSync(large), WIDE, folder)
    assert.deepEqual(readdirSync(folder), ['f0'])
    assert.equal(members[0]!.path, path.join(folder, 'f0'))
    assert.ok(readFileSync(members[0]!.path).equals(large))
    assert.ok(members[0]!.content.length > 1000 && large.indexOf(members[0]!.content) === 0)
  } finally {
    rmSync(folder, {recursive: true})
  }
})

function cpio(name: string, content: Buffer): Buffer {
  const hex = (value: number) => value.toString(16).padStart(8, '0')
  const fields = [1, 0o100644, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0].map(hex).join('')
  const head = Buffer.from(`070701${fields}${name}\0`)
  const pad = (length: number) => Buffer.alloc((4 - (length % 4)) % 4)
  return Buffer.concat([head, pad(head.length), content, pad(content.length)])
}

function ar(name: string, content: Buffer): Buffer {
  const head = `${`${name}/`.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${String(content.length).padEnd(10)}\`\n`
  return Buffer.concat([Buffer.from(`!<arch>\n${head}`), content, Buffer.alloc(content.length % 2)])
}
