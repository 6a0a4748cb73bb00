/** What the tests of the bus share: private folders for sockets, a forwarder's stand-in, waiting. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {setTimeout as elapsed} from 'node:timers/promises'
import {Subscriber} from 'zeromq'

/** A folder that goes with the test. */
export function privateFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-bus-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

/** Wait until a claim holds; the test fails with its text when it never does. */
export async function until(claim: string, holds: () => unknown, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never happened: ${claim}`)
    await elapsed(5)
  }
}

/** Bind a SUB socket as msg-forwarder does and gather what comes. */
export async function bindEar(
  t: TestContext,
  endpoint: string,
): Promise<{messages: string[][]; frames(): string[]}> {
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
