import assert from 'node:assert/strict'
import net from 'node:net'
import {type TestContext, test} from 'node:test'
import {converseSteadily} from '../../../../src/session/ampdp/client/conversation.ts'
import {freePort} from '../../../support/wait.ts'

/** Answers requests with their number; `serve` decides about each connection what becomes of a request. */
async function daemon(
  t: TestContext,
  serve: (request: number, socket: net.Socket, answer: () => void) => void,
): Promise<{readonly endpoint: string; connections: number}> {
  const port = await freePort()
  const state = {endpoint: `127.0.0.1:${port}`, connections: 0}
  let requests = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    state.connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => {
      const number = requests++
      serve(number, socket, () => socket.write(`setreply=250 2.0.0 ${number}\r\n\r\n`))
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return state
}

const REQUEST = [['request', 'release']] as const

test('a daemon that ends the connection behind an answer is asked on another one', async t => {
  const state = await daemon(t, (number, socket, answer) => {
    answer()
    if (number === 1) socket.end()
  })
  const talk = converseSteadily(state.endpoint)
  const said: (string | undefined)[] = []
  for (let request = 0; request < 4; request++) said.push((await talk.ask(REQUEST)).get('setreply')?.[0])
  talk.close()
  assert.deepEqual(
    said.map(reply => reply?.slice(0, 9)),
    Array(4).fill('250 2.0.0'),
  )
  assert.equal(state.connections, 2)
})

test('a connection that ends in the place of an answer is followed by one more, and no third', async t => {
  const state = await daemon(t, (number, socket, answer) => {
    if (number === 0 || number === 2) answer()
    else socket.destroy()
  })
  const talk = converseSteadily(state.endpoint)
  assert.equal((await talk.ask(REQUEST)).get('setreply')?.[0], '250 2.0.0 0')
  assert.equal((await talk.ask(REQUEST)).get('setreply')?.[0], '250 2.0.0 2')
  await assert.rejects(talk.ask(REQUEST), /closed the connection|ECONNRESET/)
  talk.close()
  assert.equal(state.connections, 3)
})

test('a daemon that ends the first connection without an answer is not asked again', async t => {
  const state = await daemon(t, (_, socket) => socket.destroy())
  await assert.rejects(converseSteadily(state.endpoint).ask(REQUEST), /closed the connection|ECONNRESET/)
  assert.equal(state.connections, 1)
})
