import assert from 'node:assert/strict'
import {test} from 'node:test'
import {readProxyHeader} from '../../src/session/proxy-header.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const line = (text: string) => Buffer.from(text, 'latin1')

/** What came, and what it says: `address:port`, `nobody`, `partial` or `bad`. */
const HEADERS: readonly [string, Buffer, string][] = [
  ['IPv4', line('PROXY TCP4 192.0.2.1 127.0.0.1 40000 25\r\nEHLO x\r\n'), '192.0.2.1:40000 after 41'],
  ['IPv6', line('PROXY TCP6 2001:db8::1 ::1 40000 25\r\n'), '2001:db8::1:40000 after 37'],
  ['a proxy that does not know', line('PROXY UNKNOWN anything at all\r\n'), 'nobody after 31'],
  ['the beginning of one', line('PRO'), 'partial'],
  ['a line without its end', line('PROXY TCP4 192.0.2.1'), 'partial'],
  ['nothing yet', line(''), 'partial'],
  ['a command', line('EHLO x\r\n'), 'bad'],
  ['a family that does not fit', line('PROXY TCP6 192.0.2.1 127.0.0.1 1 2\r\n'), 'bad'],
  ['a port beyond', line('PROXY TCP4 192.0.2.1 127.0.0.1 65536 25\r\n'), 'bad'],
  ['a port with zeros', line('PROXY TCP4 192.0.2.1 127.0.0.1 01 25\r\n'), 'bad'],
  ['a word too many', line('PROXY TCP4 192.0.2.1 127.0.0.1 1 25 x\r\n'), 'bad'],
  ['two blanks', line('PROXY TCP4  192.0.2.1 127.0.0.1 1 25\r\n'), 'bad'],
  ['an endless line', line(`PROXY UNKNOWN ${'x'.repeat(200)}`), 'bad'],
  ['version 2, IPv4', hex(`${SIGNATURE} 21 11 000c c0000201 7f000001 9c40 0019`), '192.0.2.1:40000 after 28'],
  [
    'version 2, IPv6',
    hex(`${SIGNATURE} 21 21 0024 20010db8000000000000000000000001 ${'00'.repeat(16)} 9c40 0019`),
    '2001:db8::1:40000 after 52',
  ],
  [
    'version 2, IPv4 written as IPv6',
    hex(`${SIGNATURE} 21 21 0024 00000000000000000000ffffc0000201 ${'00'.repeat(16)} 9c40 0019`),
    '192.0.2.1:40000 after 52',
  ],
  [
    'version 2 with TLVs',
    hex(`${SIGNATURE} 21 11 0010 c0000201 7f000001 9c40 0019 04000100`),
    '192.0.2.1:40000 after 32',
  ],
  ['version 2, a health check', hex(`${SIGNATURE} 20 00 0000`), 'nobody after 16'],
  ['version 2, not all of it', hex(`${SIGNATURE} 21 11 000c c0000201`), 'partial'],
  ['version 2, too short', hex(`${SIGNATURE} 21 11 0004 c0000201`), 'bad'],
  ['version 3', hex(`${SIGNATURE} 31 11 000c c0000201 7f000001 9c40 0019`), 'bad'],
  ['version 2, another command', hex(`${SIGNATURE} 22 11 000c c0000201 7f000001 9c40 0019`), 'bad'],
  ['version 2, datagrams', hex(`${SIGNATURE} 21 12 000c c0000201 7f000001 9c40 0019`), 'bad'],
  ['version 2, too long', hex(`${SIGNATURE} 21 11 ffff c0000201`), 'bad'],
]

for (const [what, octets, expected] of HEADERS) {
  test(`PROXY: ${what}`, () => {
    const header = readProxyHeader(octets)
    const client = header.kind === 'header' && header.client
    const who = client ? `${client.address}:${client.port}` : 'nobody'
    assert.equal(header.kind === 'header' ? `${who} after ${header.octets}` : header.kind, expected)
  })
}

test('a header that comes octet by octet is partial until it is whole', () => {
  for (const [what, octets, expected] of HEADERS) {
    if (expected === 'bad' || expected === 'partial') continue
    const length = Number(/\d+$/.exec(expected)![0])
    for (let n = 0; n < length; n++)
      assert.equal(readProxyHeader(octets.subarray(0, n)).kind, 'partial', what)
  }
})
