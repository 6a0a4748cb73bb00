import assert from 'node:assert/strict'
import {test} from 'node:test'
import {arcMembers, MemberCutter} from '../../src/decode/arc-members.ts'
import {type DecodeLimits, LimitReached} from '../../src/decode/member.ts'
import {Sink} from '../../src/decode/sink.ts'
import {bufferSource} from '../../src/decode/source.ts'

const WIDE: DecodeLimits = {bytes: 1e6, quota: 1e6, files: 100, maxFiles: 100}
const END = Buffer.from([0x1a, 0])
const FORM_FEED = 0x0c

/** A header and its packed octets, of any content. */
function entry(method: number, name: string, packed: number, size = packed): Buffer {
  const header = Buffer.alloc(method === 1 ? 25 : 29)
  header.set([0x1a, method])
  header.write(`${name}\0`, 2, 13, 'latin1')
  header.writeUInt32LE(packed, 15)
  if (method !== 1) header.writeUInt32LE(size, 25)
  return Buffer.concat([header, Buffer.alloc(packed, 0x1a)])
}

const A = {name: 'a.exe', size: 3}
const B = {name: 'b.txt', size: 0}
const C = {name: 'c.txt', size: 2}

for (const [title, octets, expected] of [
  ['the sizes of unpacked files', [entry(8, 'a.exe', 2, 3), entry(2, 'b.txt', 0), END], [A, B]],
  [
    'headers of the oldest method, which have one size',
    [entry(1, 'a.exe', 3), entry(9, 'c.txt', 5, 2), END],
    [A, C],
  ],
  ['what is before the end of a file that is cut off', [entry(8, 'a.exe', 2, 3)], [A]],
  ['nothing after the end', [entry(8, 'a.exe', 2, 3), END, entry(8, 'c.txt', 2)], [A]],
  ['no more than was asked for', [A, A, A, A, A].map(({name}) => entry(8, name, 2, 3)), [A, A, A]],
  ['nothing where something else is', [entry(8, 'a.exe', 2, 3), Buffer.from('else')], undefined],
  ['nothing where there are folders', [entry(30, 'folder', 2), END], undefined],
] as const) {
  test(`of the headers of an arc archive: ${title}`, () => {
    assert.deepEqual(arcMembers(bufferSource(Buffer.concat([...octets])), 3), expected)
  })
}

for (const [title, members, separator, printed, expected, problem] of [
  ['as announced', [A, B, C], undefined, '1\f3\f5', ['a.exe=1\f3', 'b.txt=', 'c.txt=\f5'], undefined],
  ['with form feeds', [A, B, C], FORM_FEED, '123\f\f\f5\f', ['a.exe=123', 'b.txt=', 'c.txt=\f5'], undefined],
  ['empty files at the end', [A, B, B], undefined, '123', ['a.exe=123', 'b.txt=', 'b.txt='], undefined],
  ['too little', [A, C], FORM_FEED, '12', ['a.exe=12'], 'its members are not as it says'],
  ['too much', [A], FORM_FEED, '123\f\fmore', ['a.exe=123', '=\fmore'], 'its members are not as it says'],
] as const) {
  test(`what is printed is cut into members: ${title}`, () => {
    for (const step of [1, 2, 100]) {
      const sink = new Sink({limits: WIDE, folder: undefined, fileName: String, who: 'arc'})
      const cutter = new MemberCutter(sink, members, separator)
      for (let at = 0; at < printed.length; at += step)
        cutter.write(Buffer.from(printed.slice(at, at + step), 'latin1'))
      const found = cutter.end()
      const decoded = sink.finish(found)
      assert.equal(found?.reason, problem)
      assert.deepEqual(
        decoded.members.map(({names, content}) => `${names.join()}=${content}`),
        expected,
      )
    }
  })
}

test('members that nobody prints are counted against the limit all the same', () => {
  const sink = new Sink({limits: {...WIDE, files: 2}, folder: undefined, fileName: String, who: 'arc'})
  const cutter = new MemberCutter(sink, [B, B, B], undefined)
  assert.throws(() => cutter.end(), LimitReached)
})
