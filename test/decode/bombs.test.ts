/**
 * Archives that become large: answered in time, within the quota, and in bounded memory of the decoder process.
 */
import assert from 'node:assert/strict'
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import zlib from 'node:zlib'
import {createDecoder} from '../../src/decode/decode.ts'
import {DecoderProcess} from '../../src/decode/process/decoder-process.ts'
import {FileSource} from '../../src/decode/source.ts'
import {typeOf} from '../../src/decode/types.ts'
import {openings, type Unpacked, unpack} from '../../src/decode/unpack.ts'
import {makePart} from '../../src/message/part.ts'
import {sevenZipped, tar, type ZipMember, zip} from './archives.ts'

const MEGABYTE = 1024 * 1024
/** Beyond what the process takes at rest. */
const MEMORY_BYTES = 256 * MEGABYTE
const REST_BYTES = 60 * MEGABYTE

interface Result extends Unpacked {
  readonly elapsedMs: number
  readonly peakBytes: number
  /** octets in files */
  readonly diskBytes: number
}

/** Unpack it in a process of its own, with the limits of Debian for a mail of its size. */
async function explode(t: TestContext, archive: Buffer, {levels = 14, files = 3000} = {}): Promise<Result> {
  const base = mkdtempSync(path.join(tmpdir(), 'bombs-'))
  const decoder = new DecoderProcess({base})
  t.after(() => {
    decoder.close()
    rmSync(base, {recursive: true})
  })
  const folder = path.join(base, 'parts')
  const {full, short} = typeOf(archive)
  const part = makePart({
    number: 1,
    parent: 0,
    placement: '1',
    content: archive,
    fullType: full,
    shortTypes: short,
  })
  const quota = Math.max(archive.length * 5, Math.min(300 * MEGABYTE, archive.length * 500))
  let pid: number | undefined
  const since = performance.now()
  const unpacked = await unpack(
    [part],
    openings([part]),
    {levels, files, quota},
    {
      open: async ({path, content}, opening, limits, firstNumber) => {
        const leaf =
          path === undefined ? ({kind: 'memory', octets: content} as const) : ({kind: 'file', path} as const)
        const decoded = await decoder.decode({leaf, opening, limits, folder, firstNumber}, 60_000)
        pid = decoder.pid ?? pid
        return decoded
      },
    },
  )
  const elapsedMs = performance.now() - since
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'latin1') : ''
  const written = existsSync(folder) ? readdirSync(folder) : []
  return {
    ...unpacked,
    elapsedMs,
    peakBytes: 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0),
    diskBytes: written.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0),
  }
}

/** A deflated stream of so many megabytes of zeros, made of one piece that stands again and again. */
function zeros(megabytes: number): Buffer {
  const piece = zlib.deflateRawSync(Buffer.alloc(MEGABYTE), {
    level: 9,
    finishFlush: zlib.constants.Z_FULL_FLUSH,
  })
  const end = Buffer.from([3, 0])
  return Buffer.concat([...Array.from({length: megabytes}, () => piece), end])
}

function gzipOf(deflated: Buffer): Buffer {
  return Buffer.concat([Buffer.from('1f8b0800000000000003', 'hex'), deflated, Buffer.alloc(8)])
}

/** Zips in zips, `width` in each, `depth` deep. */
function nested(width: number, depth: number, innermost: ZipMember): Buffer {
  let member = innermost
  for (let level = 0; level < depth; level++) {
    const members = Array.from({length: width}, (_, index) => ({...member, name: `${index}.zip`}))
    member = {name: 'x', content: zip(level === 0 ? [member] : members)}
  }
  return member.content
}

/** A zip of very many empty members. */
function crowd(members: number): Buffer {
  const local = Buffer.from('504b03040a000000000000000000000000000000000000000000010000006d', 'hex')
  const central = Buffer.from(
    '504b01020a000a0000000000000000000000000000000000000000000100000000000000000000000000000000006d',
    'hex',
  )
  const octets = Buffer.alloc(members * (local.length + central.length) + 22)
  const listAt = members * local.length
  for (let i = 0; i < members; i++) {
    local.copy(octets, i * local.length)
    central.writeUInt32LE(i * local.length, 42)
    central.copy(octets, listAt + i * central.length)
  }
  octets.write('PK\x05\x06', octets.length - 22, 'latin1')
  octets.writeUInt32LE(members * central.length, octets.length - 10)
  octets.writeUInt32LE(listAt, octets.length - 6)
  return octets
}

const BOMBS: readonly [title: string, make: () => Buffer | Promise<Buffer>][] = [
  ['10 GB of zeros in a gzip stream', () => gzipOf(zeros(10_000))],
  [
    'zips in zips, sixteen in each, six deep',
    () => nested(16, 6, {name: 'z', content: Buffer.alloc(4 * MEGABYTE)}),
  ],
  ['zips in zips, one in each, forty deep', () => nested(1, 40, {name: 'z', content: Buffer.alloc(1000)})],
  ['a zip of a million members', () => crowd(1_000_000)],
  [
    'a tar archive of 100,000 members',
    () => tar(Array.from({length: 100_000}, (_, index) => ({name: `${index}`}))),
  ],
  [
    '100 MB of zeros in an xz stream',
    () => sevenZipped('x.xz', [{name: 'z', content: Buffer.alloc(100 * MEGABYTE)}]),
  ],
  // 1200 octets, and a header that asks for a gigabyte
  [
    'an LZMA stream with a dictionary of a gigabyte',
    () => Buffer.from('XQAAAED//////////wAwmIitSzcSozGF3eMBix////k3oAA=', 'base64'),
  ],
]

for (const [title, make] of BOMBS) {
  test(`${title}: ends in time and within the limits`, async t => {
    const archive = await make()
    const {parts, limit, elapsedMs, peakBytes, diskBytes} = await explode(t, archive)
    const produced = parts.slice(1).reduce((sum, {size}) => sum + size, 0)
    t.diagnostic(
      `${archive.length} octets: ${parts.length - 1} members, ${produced} octets, ${Math.round(elapsedMs)} ms, ` +
        `peak ${Math.round(peakBytes / MEGABYTE)} MiB, disk ${Math.round(diskBytes / MEGABYTE)} MiB; ${limit}`,
    )
    assert.ok(produced <= 300 * MEGABYTE + archive.length * 5)
    assert.ok(diskBytes <= 300 * MEGABYTE)
    assert.ok(parts.length <= 3000)
    assert.ok(elapsedMs < 30_000)
    assert.ok(peakBytes < MEMORY_BYTES + REST_BYTES)
  })
}

test('without a limit of files or levels there still is one', async t => {
  const {parts, limit} = await explode(t, nested(1, 40, {name: 'z', content: Buffer.from('end')}), {
    levels: 100,
  })
  assert.equal(limit, undefined)
  assert.equal(parts.at(-1)?.content.toString(), 'end')
})

test('signatures of members without members, in a file: what stands between them is read once', async t => {
  const base = mkdtempSync(path.join(tmpdir(), 'bombs-'))
  t.after(() => rmSync(base, {recursive: true}))
  const name = path.join(base, 'leaf')
  writeFileSync(name, 'PK\x03\x04'.repeat(MEGABYTE), 'latin1')
  using file = new FileSource(name)
  const started = performance.now()
  const {members, problems} = await createDecoder()(file, {
    opening: {format: 'zip', start: 0, isGuess: false},
    limits: {bytes: MEGABYTE, quota: MEGABYTE, files: 100, maxFiles: 100},
    folder: undefined,
    fileName: String,
  })
  assert.deepEqual([members, problems], [[], [{kind: 'corrupt', reason: 'no directory of the zip file'}]])
  assert.ok(performance.now() - started < 20_000)
})
