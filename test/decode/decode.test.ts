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
import {compoundFile, sevenZipped, tar, tnef, zip} from './archives.ts'

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
  [
    'a picture that is a zip too',
    zip([a], {before: Buffer.from('GIF89a'.padEnd(500, '\0'))}),
    ['a.txt:hello'],
  ],
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
    ['a.txt:hello', 'a.txt:hello'],
  ],
  ['a zip with an encrypted member', zip([{...a, flags: 1, crc: 1}]), ['a.txt::encrypted']],
  ['a zip that lies about encryption', zip([{...a, flags: 1}]), ['a.txt:hello']],
  ['a zip with a wrong checksum', zip([{...a, crc: 1}]), ['a.txt:hello:corrupt']],
  ['a zip with a method that nobody has', zip([{...a, method: 77, crc: 1}]), ['a.txt::unsupported']],
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
  ['a zip that says it is packed and is not', zip([{...a, method: 77}]), ['a.txt:hello']],
  ['a zstd stream', zlib.zstdCompressSync(HELLO), [':hello']],
  [
    'two zstd frames',
    Buffer.concat([zlib.zstdCompressSync(HELLO), zlib.zstdCompressSync(HELLO)]),
    [':hello'],
  ],
  ['a zstd stream that is cut off', zlib.zstdCompressSync(HELLO).subarray(0, -5), ['::corrupt']],
  [
    'an lz4 frame',
    Buffer.from('BCJNGGRApxcAAADfaGVsbG8sIHdvcmxkCg0AKVBvcmxkCgAAAAAFtzIh', 'base64'),
    [':hello'],
  ],
  ['a file of lzop', lzop('x.txt'), ['x.txt:hello']],
  ['winmail.dat', tnef('x.txt', HELLO), ['x.txt:hello']],
  [
    'winmail.dat that is cut off',
    tnef('x.txt', HELLO).subarray(0, -100),
    ['x.txt:hello:corrupt', '!corrupt'],
  ],
  [
    'a document with a packaged file',
    compoundFile('\x01Ole10Native', packaged('x.txt', HELLO)),
    ['x.txt|C:\\x.txt:hello'],
  ],
  [
    'a document with a program in a stream',
    compoundFile('odd', Buffer.from('MZ'.padEnd(200))),
    ['odd:MZ   '],
  ],
  ['a notebook with a file', onenote(HELLO), [':hello']],
  ['a package of RPM', rpm(zlib.gzipSync(HELLO)), [':\x1f\x8b\x08\0\0']],
  ['a uuencoded file', Buffer.from('begin 644 x.txt\n%:&5L;&\\\n`\nend\n'), ['x.txt:hello']],
]

for (const [title, archive, members] of READINGS) {
  test(`members of ${title}`, async () => assert.deepEqual(short(await open(archive)), members))
}

/** Archives that 7-Zip makes and opens. */
const BY_SEVEN_ZIP: readonly [archive: string, options: readonly string[], members: readonly string[]][] = [
  ['x.7z', [], ['a.txt:hello', 'b.txt:hello']],
  ['x.7z', ['-m0=PPMd', '-ms=off'], ['a.txt:hello', 'b.txt:hello']],
  ['x.7z', ['-psecret'], ['a.txt:file:encrypted', 'b.txt:file:encrypted']],
  ['x.7z', ['-psecret', '-mhe=on'], ['!encrypted']],
  ['x.zip', ['-mm=LZMA'], ['a.txt:hello', 'b.txt:hello']],
  ['x.zip', ['-mm=BZip2'], ['a.txt:hello', 'b.txt:hello']],
  ['x.zip', ['-mm=Deflate64'], ['a.txt:hello', 'b.txt:hello']],
  ['x.zip', ['-psecret', '-mem=AES256'], ['a.txt::encrypted', 'b.txt::encrypted']],
  ['x.wim', [], ['a.txt:hello', 'b.txt:hello']],
]

for (const [name, options, members] of BY_SEVEN_ZIP) {
  test(`members of ${name} made with ${options.join(' ') || 'no options'}`, async () => {
    const archive = await sevenZipped(name, [a, {...a, name: 'b.txt'}], options)
    assert.deepEqual(
      short(await open(archive)).map(text => text.replace('::encrypted', ':file:encrypted')),
      members.map(text => text.replace('::encrypted', ':file:encrypted')),
    )
  })
}

for (const name of ['x.bz2', 'x.xz']) {
  test(`the one file of ${name}, whole and cut off`, async () => {
    const archive = await sevenZipped(name, [a])
    assert.deepEqual(short(await open(archive)), [':hello'])
    const {problems, members} = await open(archive.subarray(0, -12))
    assert.ok(problems.length > 0 || members.some(({problem}) => problem !== undefined))
  })
}

test('an archive behind a program is opened; a program that only looks like it is none', async () => {
  const program = Buffer.concat([Buffer.from('MZ'.padEnd(600)), await sevenZipped('x.7z', [a])])
  assert.deepEqual(short(await open(program)), ['a.txt:hello'])
  const noise = Buffer.concat([
    Buffer.from('MZ'.padEnd(600)),
    Buffer.from('7z\xbc\xaf\x27\x1c noise', 'latin1'),
  ])
  assert.deepEqual(short(await open(noise)), [])
})

test('an archive behind a large program is found where only its beginning is known', async () => {
  const program = Buffer.concat([Buffer.from('MZ'.padEnd(700_000)), await sevenZipped('x.7z', [a])])
  const opening = openingOf(program.subarray(0, 1000), ['exe'], false)
  assert.deepEqual(opening, {format: 'program', start: 0, isGuess: true})
  const options = {opening, limits: WIDE, folder: undefined, fileName: String}
  assert.deepEqual(short(await decode(bufferSource(program), options)), ['a.txt:hello'])
})

test('7-Zip stops where a limit is, and a large dictionary gets no memory', async () => {
  const zeros = await sevenZipped('x.7z', [{name: 'zeros', content: Buffer.alloc(20_000_000)}])
  const {members, problems} = await open(zeros, {...WIDE, bytes: 3_000_000, quota: 3_000_000})
  assert.ok(members.length === 1 && members[0]!.size <= 3_000_000)
  assert.equal(problems[0]!.kind, 'limit')
})

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

/** 78 octets, `hello, world` six times: 13 literals, then 65 octets from 13 before (LZO1X). */
function lzop(name: string): Buffer {
  const block = Buffer.concat([
    Buffer.from([17 + 13]),
    HELLO.subarray(0, 13),
    Buffer.from('20203000110000', 'hex'),
  ])
  const head = Buffer.alloc(25)
  head.writeUInt16BE(0x1030, 0)
  head.writeUInt16BE(0x20a0, 2)
  head.writeUInt16BE(0x940, 4)
  head[6] = 1
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(78, 0)
  sizes.writeUInt32BE(block.length, 4)
  const title = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.alloc(4)])
  const magic = Buffer.from('\x89LZO\0\r\n\x1a\n', 'latin1')
  return Buffer.concat([magic, head.subarray(0, 24), title, sizes, block, Buffer.alloc(4)])
}

function packaged(name: string, content: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(content.length)
  const path = Buffer.from(`C:\\${name}\0`)
  const pathSize = Buffer.alloc(8)
  pathSize.writeUInt32LE(path.length, 4)
  const head = Buffer.from([0, 0, 0, 0, 2, 0])
  return Buffer.concat([head, Buffer.from(`${name}\0`), path, pathSize, path, size, content])
}

function onenote(content: Buffer): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt32LE(content.length)
  const section = Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex')
  const object = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex')
  return Buffer.concat([section, Buffer.alloc(100), object, head, content, Buffer.alloc(16)])
}

function rpm(payload: Buffer): Buffer {
  const header = Buffer.from('8eade80100000000' + '0000000000000000', 'hex')
  const lead = Buffer.alloc(96)
  lead.write('edabeedb', 'hex')
  return Buffer.concat([lead, header, header, payload])
}
