/** dns — a name server on loopback that knows TXT, A, AAAA and MX records, and nothing else. */
import {createSocket} from 'node:dgram'
import type {TestContext} from 'node:test'

const NAME_ERROR = 3

/** Records of a name; a text alone is its TXT record. */
export type ZoneEntry =
  | string
  | {
      readonly TXT?: readonly string[]
      readonly A?: readonly string[]
      readonly AAAA?: readonly string[]
      readonly MX?: readonly string[]
    }

/**
 * @param records by name; a name whose entry is undefined is never answered
 * @returns its address as `@dns_servers` has it
 */
export async function startNameServer(
  t: TestContext,
  records: ReadonlyMap<string, ZoneEntry | undefined>,
): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (question, {port, address}) => {
    const labels: string[] = []
    let at = 12
    for (let length = question[at]!; length > 0; length = question[at]!) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const asked = question.subarray(12, at + 5)
    const name = labels.join('.').toLowerCase()
    if (records.has(name) && records.get(name) === undefined) return
    const answers = answersOf(records.get(name), question.readUInt16BE(at + 1))
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(0x8180 | (records.has(name) ? 0 : NAME_ERROR), 2)
    head.writeUInt16BE(answers.length, 6)
    head.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([head, asked, ...answers]), port, address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  t.after(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

/** By number of the record type. */
const TYPES = {
  1: {name: 'A', data: (text: string) => Buffer.from(text.split('.').map(Number))},
  15: {name: 'MX', data: (text: string) => Buffer.concat([Buffer.from([0, 10]), nameOctets(text)])},
  16: {name: 'TXT', data: textOctets},
  28: {name: 'AAAA', data: addressOctets},
} as const

function answersOf(entry: ZoneEntry | undefined, type: number): readonly Buffer[] {
  if (entry === undefined || !(type in TYPES)) return []
  const {name, data} = TYPES[type as keyof typeof TYPES]
  const texts = typeof entry === 'string' ? (name === 'TXT' ? [entry] : []) : (entry[name] ?? [])
  return texts.map(text => answer(type, data(text)))
}

function textOctets(text: string): Buffer {
  return Buffer.concat(
    (text.match(/.{1,255}/gs) ?? ['']).map(part =>
      Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]),
    ),
  )
}

function nameOctets(name: string): Buffer {
  const labels = name
    .split('.')
    .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

/** An IPv6 address, `::` allowed. */
function addressOctets(address: string): Buffer {
  const [left = '', right] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const missing = 8 - groups(left).length - groups(right ?? '').length
  const all = [...groups(left), ...Array(missing).fill('0'), ...groups(right ?? '')]
  const octets = Buffer.alloc(16)
  for (const [n, group] of all.entries()) octets.writeUInt16BE(Number.parseInt(group, 16), n * 2)
  return octets
}

function answer(type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(12)
  // the name of the question, by a pointer; class IN, 60 s
  fixed.writeUInt16BE(0xc00c, 0)
  fixed.writeUInt16BE(type, 2)
  fixed.writeUInt16BE(1, 4)
  fixed.writeUInt32BE(60, 6)
  fixed.writeUInt16BE(data.length, 10)
  return Buffer.concat([fixed, data])
}
