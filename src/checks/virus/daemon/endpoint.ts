/**
 * endpoint — where a scanner's daemon listens, and a connection to it.
 */
import net from 'node:net'
import {AmavisError} from '../../../errors.ts'

export type Endpoint = {readonly path: string} | {readonly host: string; readonly port: number}

export type Connect = (endpoint: Endpoint) => net.Socket

export const connectTo: Connect = endpoint => net.connect(endpoint)

/** `/path`, `host:port`, `[::1]:3310`, each also after `inet:`, `unix:`. */
export function parseEndpoint(spec: string): Endpoint | undefined {
  const text = spec.trim().replace(/^(?:inet6?|unix|local):/, '')
  if (text.startsWith('/')) return {path: text}
  const match = /^\[?([^\][]+?)\]?:(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return match && port > 0 && port < 65_536 ? {host: match[1]!, port} : undefined
}

export function endpointText(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  const {host, port} = endpoint
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether a daemon there sees our files. */
export function seesOurFiles(endpoint: Endpoint): boolean {
  return 'path' in endpoint || /^(?:127\.|::1$|localhost$)/.test(endpoint.host)
}

/** A machine that is off does not refuse; it says nothing. */
const CONNECT_MS = 10_000

/** @throws Error when there is no connection within the time, 10 s at most */
export function openSocket(endpoint: Endpoint, timeoutMs: number, connect: Connect): Promise<net.Socket> {
  const {promise, resolve, reject} = Promise.withResolvers<net.Socket>()
  const socket = connect(endpoint)
  const limit = Math.max(1, Math.min(CONNECT_MS, timeoutMs))
  const timer = setTimeout(() => socket.destroy(new AmavisError('AM_TIMEOUT', 'timed out connecting')), limit)
  socket.on('error', reject)
  socket.once('close', () => clearTimeout(timer))
  socket.once('connect', () => {
    clearTimeout(timer)
    resolve(socket)
  })
  return promise
}
