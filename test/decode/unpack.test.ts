import assert from 'node:assert/strict'
import {test} from 'node:test'
import zlib from 'node:zlib'
import {createDecoder} from '../../src/decode/decode.ts'
import {bufferSource} from '../../src/decode/source.ts'
import {typeOf} from '../../src/decode/types.ts'
import {openings, type Unpacked, unpack} from '../../src/decode/unpack.ts'
import {makePart} from '../../src/message/part.ts'
import {temporaryFolder} from '../support/wait.ts'
import {tar, zip} from './archives.ts'

const decode = createDecoder()
const text = Buffer.from('some text\n')

/** Unpack parts of a mail in this process. */
async function opened(
  contents: readonly Buffer[],
  {
    levels = 14,
    files = 100,
    quota = 1e6,
    folder,
  }: {levels?: number; files?: number; quota?: number; folder?: string} = {},
): Promise<Unpacked> {
  const parts = contents.map((content, index) => {
    const {full, short} = typeOf(content)
    const number = index + 1
    return makePart({number, parent: 0, placement: `1/${number}`, content, fullType: full, shortTypes: short})
  })
  return await unpack(
    parts,
    openings(parts),
    {levels, files, quota},
    {
      open: ({content}, opening, limits) =>
        decode(bufferSource(content), {opening, limits, folder, fileName: String}),
    },
  )
}

/** number < parent, place, names, short types and letters of each part. */
function tree({parts}: Unpacked): string[] {
  return parts.map(({number, parent, placement, names, shortTypes, attributes}) =>
    [`${number}<${parent}`, placement, names.join('|'), shortTypes.join('.'), attributes].join(' ').trim(),
  )
}

test('members are numbered after all parts of the mail, one level after the other', async () => {
  const inner = zip([{name: 'deep.txt', content: text}])
  const archive = tar([
    {name: 'in.zip', content: inner},
    {name: 'd/', type: '5'},
    {name: 'flat.txt', content: text},
  ])
  assert.deepEqual(tree(await opened([zlib.gzipSync(archive), text])), [
    '1<0 1/1  gz',
    '2<0 1/2  asc',
    '3<1 1/1/1  tar',
    '4<3 1/1/1/1 in.zip zip',
    '5<3 1/1/1/2 d/  D',
    '6<3 1/1/1/3 flat.txt asc',
    '7<4 1/1/1/1/1 deep.txt asc',
  ])
})

test('a mail in an archive is taken apart', async () => {
  const mail = Buffer.from(
    'Return-Path: <a@example.net>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
      '--b\r\n\r\none\r\n--b\r\nContent-Type: application/zip; name=x.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
      `${zip([{name: 'in.txt', content: text}]).toString('base64')}\r\n--b--\r\n`,
  )
  const {parts} = await opened([zip([{name: 'mail.eml', content: mail}])])
  const last = parts.at(-1)
  assert.deepEqual(last?.names, ['in.txt'])
  assert.ok(last.content.equals(text))
  const parents = parts.map(({parent}) => parent)
  assert.ok(parents.every((parent, index) => parent <= index || parts[parent - 1]?.kind === 'container'))
})

test('a mail in an archive is taken apart, however large', async t => {
  const mail = (size: number) =>
    Buffer.from(
      `Return-Path: <a@example.net>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'0123456789abcdef'.repeat(size / 16)}\r\n` +
        '--b\r\nContent-Type: application/octet-stream; name=evil.exe\r\n\r\nMZ\r\n--b--\r\n',
    )
  const folder = temporaryFolder(t)
  const {parts} = await opened([zip([{name: 'large.eml', content: mail(6 * 1024 ** 2)}])], {
    quota: 1e8,
    folder,
  })
  assert.ok(parts[1]?.path)
  assert.ok(parts.some(({names}) => names.includes('evil.exe')))

  const [, beyond] = (
    await opened([zip([{name: 'huge.eml', content: mail(65 * 1024 ** 2)}])], {quota: 1e9, folder})
  ).parts
  assert.match(beyond?.problems[0]?.reason ?? '', /^a mail of \d+ octets in an archive is not taken apart$/)
  assert.match(beyond?.attributes ?? '', /U/)
})

test('what one archive took of the quota is not there for the next', async () => {
  const archive = zip([{name: 'x', content: Buffer.alloc(60_000, 'x')}])
  const {limit, parts} = await opened([archive, archive], {quota: 100_000})
  assert.match(limit ?? '', /^Exceeded storage quota 100000 bytes by zip/)
  assert.deepEqual(
    parts.map(({problems}) => problems.map(({kind}) => kind).join()),
    ['', 'limit', '', 'limit'],
  )
})

test('archives beyond the last level are not opened, and the mail is over its limits', async () => {
  let archive = zip([{name: 'x', content: text}])
  for (let level = 0; level < 5; level++) archive = zip([{name: `${level}.zip`, content: archive}])
  const {limit, parts} = await opened([archive], {levels: 3})
  assert.equal(limit, 'Maximum decoding depth (3) exceeded')
  assert.equal(parts.length, 4)
})

test('what is encrypted or broken has letters and a reason', async () => {
  const {parts, limit} = await opened([
    zip([{name: 'c.txt', content: text, flags: 1, crc: 1}]),
    zlib.gzipSync(text).subarray(0, 20),
  ])
  assert.equal(limit, undefined)
  assert.deepEqual(
    parts.map(({attributes, problems}) => [attributes, problems.map(({kind}) => kind).join()]),
    [
      ['', ''],
      ['', ''],
      ['UC', 'encrypted'],
      ['U', 'corrupt'],
    ],
  )
})

test('what is no archive is not looked at twice', () => {
  const plain = ['plain text', '<html>', '%PDF-1.4', '\x89PNG\r\n\x1a\n', 'GIF89a', '\xff\xd8\xff\xe0'].map(
    start => {
      const content = Buffer.from(start.padEnd(2000, ' '), 'latin1')
      const {full, short} = typeOf(content)
      return makePart({number: 1, parent: 0, placement: '1', content, fullType: full, shortTypes: short})
    },
  )
  assert.deepEqual(openings(plain), [])
})
