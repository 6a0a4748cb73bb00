/** wait — for conditions, ports and folders in tests; nothing here sleeps for a fixed time. */
import {mkdtempSync, rmSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {setTimeout as sleep} from 'node:timers/promises'

/**
 * The first truthy value of `look`.
 * @throws after `limitMs`, naming `what`
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<NonNullable<T>> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(20)) {
    const value = await look()
    if (value) return value
  }
  throw new Error(`waited ${limitMs} ms in vain for ${what}`)
}

const PORTS = {lowest: 10_240, count: 22_000}
const givenOut = new Set<number>()

/**
 * A loopback port that nobody has, and none that the kernel gives to whoever asks it for any (32768 and above, as a
 * rule): a server of the test itself could get it before the one that it is for.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.lowest + Math.floor(Math.random() * PORTS.count)
    if (givenOut.has(port) || !(await isFree(port))) continue
    givenOut.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  const {promise, resolve} = Promise.withResolvers<boolean>()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return await promise
}

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-test-'))
  // Hooks run in the order they were made: what still runs in the folder may write once more.
  t.after(() => rmSync(folder, {recursive: true, force: true, maxRetries: 10}))
  return folder
}
