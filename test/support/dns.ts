/** dns — a name server on loopback that knows TXT records, and nothing else. */
import {createSocket} from 'node:dgram'
import type {TestContext} from 'node:test'

const TXT = 16
const NAME_ERROR = 3

/**
 * @param records text by name; a name whose text is undefined is never answered
 * @returns its address as `@dns_servers` has it
 */
export async function startNameServer(
  t: TestContext,
  records: ReadonlyMap<string, string | undefined>,
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
    const text = question.readUInt16BE(at + 1) === TXT ? records.get(name) : undefined
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(0x8180 | (text === undefined ? NAME_ERROR : 0), 2)
    head.writeUInt16BE(text === undefined ? 0 : 1, 6)
    head.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([head, asked, ...(text === undefined ? [] : [answer(text)])]), port, address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  t.after(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function answer(text: string): Buffer {
  const strings = (text.match(/.{1,255}/gs) ?? ['']).map(part =>
    Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]),
  )
  const data = Buffer.concat(strings)
  const fixed = Buffer.alloc(12)
  // the name of the question, by a pointer; class IN, 60 s
  fixed.writeUInt16BE(0xc00c, 0)
  fixed.writeUInt16BE(TXT, 2)
  fixed.writeUInt16BE(1, 4)
  fixed.writeUInt32BE(60, 6)
  fixed.writeUInt16BE(data.length, 10)
  return Buffer.concat([fixed, data])
}
