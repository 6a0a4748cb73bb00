import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseHeader} from '../../../src/message/header.ts'
import {readBinHex} from '../../../src/message/mime/binhex.ts'
import {readMime} from '../../../src/message/mime/read.ts'

function read(lines: readonly string[]) {
  const octets = Buffer.from(lines.join('\r\n'), 'latin1')
  return readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 10}).parts
}

test('a file in yEnc is a part beside the text, which stays whole', () => {
  const data = Buffer.from('MZ\r\n=\0x')
  const encoded = [...data].map(c => {
    const octet = (c + 42) & 255
    return [0, 10, 13, 61].includes(octet)
      ? `=${String.fromCharCode((octet + 64) & 255)}`
      : String.fromCharCode(octet)
  })
  const lines = ['', 'hello', '=ybegin line=128 size=7 name=a b.exe', encoded.join(''), '=yend size=7', '']
  const [text, file] = read(lines)
  assert.equal(text?.content.toString('latin1'), `${lines.slice(1).join('\n')}`)
  assert.deepEqual(file?.names, ['a b.exe'])
  assert.deepEqual(file.content, data)
})

test('an image in uuencode is an image, anything else octets', () => {
  const parts = read(['', 'begin 644 a.gif', '#86)C', '`', 'end', 'begin 644 a.exe', '#86)C', '`', 'end', ''])
  assert.deepEqual(
    parts
      .filter(({kind}) => kind === 'leaf')
      .map(({declaredTypes, content}) => [declaredTypes[0], content.toString()]),
    [
      ['image/gif', 'abc'],
      ['application/octet-stream', 'abc'],
    ],
  )
})

test('many short files take no more memory than they hold, and words without lines no more time', () => {
  const files = Array.from({length: 5000}, () => 'begin 644 x\r\n#0V%T\r\n`\r\nend')
  const octets = Buffer.from(['', ...files, 'x'.repeat(4_000_000)].join('\r\n'))
  const {parts} = readMime(octets, parseHeader(octets), {maxParts: 4000, maxLevels: 10})
  assert.equal(parts[1]?.content.toString(), 'Cat')
  const held = new Set(parts.flatMap(({content}) => (content.length === 3 ? content.buffer : [])))
  assert.ok(held.size > 0)
  assert.ok([...held].reduce((sum, {byteLength}) => sum + byteLength, 0) < 4_000_000)
  const words = Buffer.from(`\r\n${'=ybegin '.repeat(500_000)}`)
  const started = performance.now()
  readMime(words, parseHeader(words), {maxParts: 100, maxLevels: 10})
  assert.ok(performance.now() - started < 3000)
})

/** BinHex of a file, as the standard has it. */
function binHex(name: string, data: Buffer, spoil = false): string {
  const crc = (octets: Buffer) => {
    let value = 0
    for (const c of Buffer.concat([octets, Buffer.alloc(2)])) {
      for (let bit = 7; bit >= 0; bit--) {
        const carry = value & 0x8000
        value = ((value << 1) | ((c >> bit) & 1)) & 0xffff
        if (carry) value ^= 0x1021
      }
    }
    return Buffer.of(value >> 8, value & 255)
  }
  const header = Buffer.alloc(name.length + 20)
  header[0] = name.length
  header.write(name, 1)
  header.writeUInt32BE(data.length, name.length + 12)
  const sound = Buffer.concat([header, crc(header), data, crc(data), crc(Buffer.alloc(0))])
  if (spoil) sound[header.length + 2]! ^= 1
  const runs = [...sound].flatMap(c => (c === 0x90 ? [0x90, 0] : [c]))
  const digits = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'
  const bits = runs.map(c => c.toString(2).padStart(8, '0')).join('')
  const text = bits.replace(/.{1,6}/g, six => digits[Number.parseInt(six.padEnd(6, '0'), 2)]!)
  return `(This file must be converted with BinHex 4.0)\r\n\r\n:${text.replace(/.{64}/g, '$&\r\n')}:\r\n`
}

test('a file in BinHex is found with its name, be it in a text or declared as one', () => {
  const data = Buffer.from('MZ\x90\x90data')
  for (const type of ['text/plain', 'application/mac-binhex40']) {
    const parts = read([`Content-Type: ${type}`, '', binHex('a.exe', data)])
    const file = parts.find(({encoding}) => encoding === 'x-binhex40')
    assert.deepEqual(file?.content, data)
    assert.deepEqual(file.names, ['a.exe'])
    assert.equal(file.attributes, '')
  }
})

test('BinHex with a wrong checksum is kept and called corrupt; runs are bounded', () => {
  const parts = read(['', binHex('a.exe', Buffer.from('data'), true)])
  const file = parts.find(({encoding}) => encoding === 'x-binhex40')
  assert.equal(file?.attributes, 'U')
  assert.equal(file.problems[0]?.kind, 'corrupt')
  const runs = Buffer.from(`(This file must be converted with BinHex 4.0)\n:${'N!rq'.repeat(1_000_000)}`)
  assert.equal(readBinHex(runs)?.files.every(({content}) => content.length < 60_000_000) ?? true, true)
})
