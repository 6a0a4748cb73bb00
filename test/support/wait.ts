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

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-test-'))
  // Hooks run in the order they were made: what still runs in the folder may write once more.
  t.after(() => rmSync(folder, {recursive: true, force: true, maxRetries: 10}))
  return folder
}
