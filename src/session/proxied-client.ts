/**
 * proxied-client — waits for the PROXY header on a connection and puts back what follows it.
 *
 * Loaded where $haproxy_target_enabled is set. A proxy says its line at once, so it does not get the time that
 * a client has.
 */
import type {Socket} from 'node:net'
import {type ProxiedClient, readProxyHeader} from './proxy-header.ts'

const LIMIT_MS = 10_000

export type Announced =
  | {readonly kind: 'client'; readonly client: ProxiedClient | undefined}
  | {readonly kind: 'failed'; readonly reason: string}

/** The socket is paused afterwards, and has what came after the header still to be read. */
export function awaitProxyHeader(socket: Socket, limitMs = LIMIT_MS): Promise<Announced> {
  return new Promise(resolve => {
    let octets = Buffer.alloc(0)
    const deadline = setTimeout(() => done({kind: 'failed', reason: 'no PROXY header in time'}), limitMs)
    const done = (announced: Announced) => {
      clearTimeout(deadline)
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
      socket.pause()
      resolve(announced)
    }
    const onEnd = () => done({kind: 'failed', reason: 'closed before a PROXY header'})
    const onData = (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
      const header = readProxyHeader(octets)
      if (header.kind === 'partial') return
      if (header.kind === 'bad') return done({kind: 'failed', reason: header.problem})
      done({kind: 'client', client: header.client})
      if (header.octets < octets.length) socket.unshift(octets.subarray(header.octets))
    }
    // a client may be done with sending already
    socket.allowHalfOpen = true
    // whoever takes the socket over hears of its errors
    socket.on('error', () => {})
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('close', onEnd)
    if (socket.destroyed) onEnd()
    else socket.resume()
  })
}
