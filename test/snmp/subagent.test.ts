import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import {test} from 'node:test'
import type {Log} from '../../src/log/log.ts'
import {ROOT, SUBTREES} from '../../src/snmp/objects.ts'
import {runSubagent} from '../../src/snmp/subagent.ts'
import {temporaryFolder, until} from '../support/wait.ts'
import {masterPdu, searchRange} from './master-pdu.ts'

/** The PDUs in what was received, each as its type and payload. */
function pdusIn(octets: Buffer): readonly {type: number; packetId: number; payload: Buffer}[] {
  const pdus = []
  for (let at = 0; at + 20 <= octets.length; ) {
    const length = octets.readUInt32BE(at + 16)
    const payload = octets.subarray(at + 20, at + 20 + length)
    pdus.push({type: octets[at + 1]!, packetId: octets.readUInt32BE(at + 12), payload})
    at += 20 + length
  }
  return pdus
}

test('a subagent registers, answers, refuses to be written to, and comes back to a master that went away', async t => {
  const home = temporaryFolder(t)
  const path = `${home}/master`
  const sockets: net.Socket[] = []
  let received = Buffer.alloc(0)
  const master = net.createServer(socket => {
    sockets.push(socket)
    received = Buffer.alloc(0)
    let answered = 0
    socket.on('error', () => {})
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      for (const {type, packetId} of pdusIn(received).slice(answered)) {
        answered++
        if (type !== 1 && type !== 3) continue
        const response = masterPdu(18, Buffer.alloc(8))
        response.writeUInt32BE(packetId, 12)
        socket.write(response)
      }
    })
  })
  master.listen(path)
  await once(master, 'listening')
  t.after(() => master.close())
  const entries: string[] = []
  const log: Log = {
    enabled: () => true,
    write: (level, text) => void entries.push(`${level} ${text}`),
    forTask: () => log,
  }
  const end = new AbortController()
  const responder = `ipc://${home}/nobody`
  const running = runSubagent({master: {path}, responder, mtaQueues: home, log, signal: end.signal})
  await until('the registration', () => entries.some(text => text.startsWith('0 registered')))
  const types = pdusIn(received).map(({type}) => type)
  assert.deepEqual(types, [1, ...SUBTREES.map(() => 3)])

  received = Buffer.alloc(0)
  // nobody answers for the counters: no instances
  const asked = masterPdu(6, searchRange(ROOT, []))
  for (let at = 0; at < asked.length; at += 9) sockets[0]!.write(asked.subarray(at, at + 9))
  sockets[0]!.write(masterPdu(8))
  const answers = await until('two answers', () => {
    const pdus = pdusIn(received)
    return pdus.length === 2 ? pdus : undefined
  })
  const errors = answers.map(({payload}) => payload.readUInt16BE(4))
  assert.deepEqual(errors.toSorted(), [0, 17])
  const next = answers.find(({payload}) => payload.readUInt16BE(4) === 0)
  assert.equal(next?.payload.readUInt16BE(8), 130, 'end of MIB view')

  sockets[0]!.destroy()
  await until('the second registration', () => entries.filter(text => text.startsWith('0 reg')).length === 2)
  assert.equal(entries.filter(text => text.startsWith('-1 SNMP master')).length, 1)

  sockets[1]!.write(Buffer.from('no AgentX at all, but twenty octets'))
  await until('the third registration', () => entries.filter(text => text.startsWith('0 reg')).length === 3)
  end.abort()
  await running
  await until('its Close', () => pdusIn(received).at(-1)?.type === 2)
})
