/** A forwarder's stand-in for the tests of the bus. */
import type {TestContext} from 'node:test'
import {Subscriber} from 'zeromq'

export interface Ear {
  /** Every message so far, as texts. */
  readonly messages: string[][]
  /** The frames of all of them. */
  frames(): string[]
}

/** Bind a SUB socket as msg-forwarder does and gather what comes; it ends with the test. */
export async function bindEar(t: TestContext, endpoint: string): Promise<Ear> {
  const socket = new Subscriber({linger: 0})
  socket.subscribe()
  await socket.bind(endpoint)
  t.after(() => socket.close())
  const messages: string[][] = []
  void (async () => {
    for await (const message of socket) messages.push(message.map(frame => frame.toString()))
  })()
  return {messages, frames: () => messages.flat()}
}
