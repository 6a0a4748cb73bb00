/**
 * bind — whether an endpoint can be bound, said in words, and what a bound ipc socket needs.
 *
 * ZeroMQ replaces an ipc path without asking, also one that another process serves: that one would go on
 * listening where nobody comes any more. So a path is tried first, and only a dead one is bound.
 */
import {chmod, lstat, stat} from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {errorText} from '../errors.ts'
import {ipcPath, tcpAddress} from './endpoint.ts'

/** What stands in the way of this process' binding an endpoint; undefined when nothing does. */
export async function bindProblem(endpoint: string): Promise<string | undefined> {
  const file = ipcPath(endpoint)
  if (file !== undefined) return (await folderProblem(path.dirname(file))) ?? (await pathProblem(file))
  const address = tcpAddress(endpoint)
  if (address) return await portProblem(address)
  if (/^ipc:\/\/@./.test(endpoint)) return undefined // an abstract name: binding it tells
  return 'not an address; expected tcp://HOST:PORT or ipc:///PATH'
}

const PROBES = 5
const PROBE_GAP_MS = 60

/**
 * Let our user's and group's processes connect to an ipc socket that was just bound, and no others,
 * whatever the umask is; connecting takes the permission to write. Other endpoints need nothing.
 */
export async function openToGroup(endpoint: string): Promise<void> {
  const file = ipcPath(endpoint)
  if (file !== undefined) await chmod(file, 0o660)
}

/** Sockets are found by their path, so nobody else may be able to put something there. */
async function folderProblem(folder: string): Promise<string | undefined> {
  try {
    const found = await stat(folder)
    if (!found.isDirectory()) return `${folder} is not a folder`
    if (found.mode & 0o002) return `the folder ${folder} can be written by everybody; use a private one`
    if (![0, process.getuid?.()].includes(found.uid)) {
      return `the folder ${folder} belongs to another user (uid ${found.uid}); use one of our own`
    }
    return undefined
  } catch (error) {
    return isErrno(error, 'ENOENT') ? `the folder ${folder} does not exist; make it` : errorText(error)
  }
}

async function pathProblem(file: string): Promise<string | undefined> {
  if (Buffer.byteLength(file) > 107) return 'the path is longer than a socket may have (107 octets)'
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return undefined
  if (!found.isSocket()) return `${file} is not a socket; remove it`
  // ZeroMQ closes in a thread of its own: one that was just stopped may answer for a moment more.
  for (let probes = 0; probes < PROBES; probes++) {
    if (!(await isServed(file))) return undefined
    await sleep(PROBE_GAP_MS)
  }
  return 'another process is serving it; stop that one, or set another address'
}

function isServed(file: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = net.connect(file, () => resolve(true))
    probe.on('error', error => resolve(!isErrno(error, 'ECONNREFUSED') && !isErrno(error, 'ENOENT')))
    probe.on('close', () => probe.destroy())
    probe.unref()
    probe.end()
  })
}

function portProblem({host, port}: {host: string; port: number}): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', error =>
      resolve(
        isErrno(error, 'EADDRINUSE')
          ? 'another process is listening there; stop that one, or set another address'
          : errorText(error),
      ),
    )
    server.listen({host, port, exclusive: true}, () => server.close(() => resolve(undefined)))
  })
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
