/**
 * exchange — one question to a daemon over a connection of its own, and its answer.
 *
 * spamd and Rspamd close a connection after one answer, so none is kept. An answer of theirs is a status line, fields,
 * an empty line and a body of as many octets as Content-Length says, or up to the end of the connection. The whole
 * question has one deadline, the connection a limit of its own; what an answer may have is limited while it is read.
 */
import net from 'node:net'
import type tls from 'node:tls'
import {errorText} from '../../errors.ts'
import type {Server} from './servers.ts'

export interface Question {
  readonly octets: readonly Buffer[]
  readonly timeoutMs: number
  readonly largestAnswer: number
}

export type Exchanged =
  | {readonly kind: 'octets'; readonly octets: Buffer}
  | {readonly kind: 'hung'}
  | {readonly kind: 'failed'; readonly when: 'refused' | 'connecting' | 'talking'; readonly reason: string}

export type Connect = (server: Server) => net.Socket

/** Connects to servers of these; a child that needs no TLS does without its 2.5 MiB. */
export async function connectorFor(servers: readonly Server[]): Promise<Connect> {
  const encrypts = servers.some(server => 'host' in server && server.tls)
  const tlsConnect = encrypts ? (await import('node:tls')).connect : undefined
  return server => connectTo(server, tlsConnect)
}

function connectTo(server: Server, tlsConnect: typeof tls.connect | undefined): net.Socket {
  if ('path' in server) return net.connect({path: server.path})
  const {host, port} = server
  if (!server.tls || !tlsConnect) return net.connect({host, port})
  const {ca} = server.tls
  return tlsConnect({
    host,
    port,
    ...(ca === undefined ? {} : {ca}),
    ...(net.isIP(host) ? {} : {servername: host}),
  })
}

const CONNECT_LIMIT_MS = 5000

/** Rejects never; the connection is closed afterwards. */
export function exchange(
  socket: net.Socket,
  {octets, timeoutMs, largestAnswer}: Question,
): Promise<Exchanged> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let size = 0
    let wholeSize: number | undefined
    let isConnected = false
    const end = (result: Exchanged) => {
      clearTimeout(deadline)
      clearTimeout(connecting)
      resolve(result)
      socket.destroy()
    }
    const fail = (when: 'refused' | 'connecting' | 'talking', reason: string) =>
      end({kind: 'failed', when, reason})
    const deadline = setTimeout(() => end({kind: 'hung'}), timeoutMs)
    const connecting = setTimeout(
      () => fail('connecting', 'no connection'),
      Math.min(timeoutMs, CONNECT_LIMIT_MS),
    )
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      isConnected = true
      clearTimeout(connecting)
    })
    const answered = () =>
      end({kind: 'octets', octets: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)})
    // A peer that closes without having read all of ours resets the connection; the answer has its length.
    socket.on('error', error =>
      size > 0 ? answered() : fail(isConnected ? 'talking' : 'refused', errorText(error)),
    )
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > largestAnswer) return fail('talking', 'an answer without end')
      if (wholeSize === undefined && size <= LARGEST_HEAD)
        wholeSize = announcedSize(chunks.length === 1 ? chunk : Buffer.concat(chunks))
      if (wholeSize !== undefined && size >= wholeSize) answered()
    })
    socket.on('close', answered)
    // One packet, where it fits into one. Our side stays open: a peer that answers over TLS and finds our end of it
    // unread resets the connection, and the answer is lost.
    socket.cork()
    for (const piece of octets) socket.write(piece)
    socket.uncork()
  })
}

/** An answer whose fields are longer is read to the end of the connection. */
const LARGEST_HEAD = 64 * 1024
const HEAD_END = '\r\n\r\n'

/** Octets of the whole answer; undefined: it does not say so, or not yet. */
function announcedSize(octets: Buffer): number | undefined {
  const end = octets.indexOf(HEAD_END)
  if (end < 0) return undefined
  const length = /^content-length:[ \t]*(\d{1,15})[ \t]*\r$/im.exec(
    octets.toString('latin1', 0, end + 1),
  )?.[1]
  return length === undefined ? undefined : end + HEAD_END.length + Number(length)
}

export interface RawAnswer {
  /** the first line */
  readonly status: string
  /** by name in lower case; of several the last */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** @returns undefined where it is not of this shape */
export function splitAnswer(octets: Buffer): RawAnswer | undefined {
  const end = octets.indexOf(HEAD_END)
  if (end < 0) return undefined
  const [status = '', ...lines] = octets.toString('latin1', 0, end).split('\r\n')
  const fields = new Map(
    lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  return {status, fields, body: octets.subarray(end + HEAD_END.length)}
}

/** Whether there are as many octets as the answer says, if it does. */
export function isWhole({fields, body}: RawAnswer): boolean {
  const length = fields.get('content-length')
  return length === undefined || Number(length) === body.length
}
