import assert from 'node:assert/strict'
import test from 'node:test'
import {inflateRawSync} from 'node:zlib'
import {zipFile} from '../../../src/actions/release/zip.ts'

const CONTENT = Buffer.from('Subject: x\r\n\r\nsome text that is there more than once, more than once\r\n')
const AT = new Date(2026, 10, 22, 15, 6, 34).getTime()

test('an archive without a password has the file deflated', () => {
  const zip = zipFile({name: 'msg.eml', content: CONTENT, password: '', at: AT})
  assert.equal(zip.readUInt32LE(0), 0x04034b50)
  const size = zip.readUInt32LE(18)
  assert.deepEqual(inflateRawSync(zip.subarray(37, 37 + size)), CONTENT)
  assert.equal(zip.toString('latin1', 30, 37), 'msg.eml')
  assert.equal(zip.readUInt32LE(zip.length - 22), 0x06054b50)
})

test('with a password the same file comes out for it, and only for it', () => {
  const zip = zipFile({name: 'msg.eml', content: CONTENT, password: '3025', at: AT})
  assert.equal(zip.readUInt16LE(6) & 1, 1)
  const data = zip.subarray(37, 37 + zip.readUInt32LE(18))
  const right = decrypt(data, '3025')
  assert.equal(right[11], zip[17])
  assert.deepEqual(inflateRawSync(right.subarray(12)), CONTENT)
  assert.notDeepEqual(decrypt(data, '3026').subarray(12), right.subarray(12))
})

/** APPNOTE.TXT §6.1.5 and 6.1.6, written apart from the program. */
function decrypt(data: Buffer, password: string): Buffer {
  const crc = (old: bigint, octet: number): bigint => {
    let value = (old ^ BigInt(octet)) & 0xffn
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0xedb88320n : value >> 1n
    return value ^ (old >> 8n)
  }
  let [a, b, c] = [0x12345678n, 0x23456789n, 0x34567890n]
  const update = (octet: number) => {
    a = crc(a, octet)
    b = ((b + (a & 0xffn)) * 134775813n + 1n) & 0xffffffffn
    c = crc(c, Number(b >> 24n))
  }
  for (const octet of Buffer.from(password)) update(octet)
  return Buffer.from(
    Array.from(data, octet => {
      const mask = (c | 2n) & 0xffffn
      const plain = octet ^ Number(((mask * (mask ^ 1n)) >> 8n) & 0xffn)
      update(plain)
      return plain
    }),
  )
}
