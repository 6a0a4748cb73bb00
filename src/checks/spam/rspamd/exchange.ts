/**
 * exchange — one question over HTTP, and what came of it. Connections are kept for the next mail.
 *
 * The whole question has one deadline, a connection a limit of its own. What an answer may have is limited while it
 * is read. A connection that was kept and has been closed meanwhile says nothing of the server: it is tried anew.
 */
import http from 'node:http'
import type https from 'node:https'
import net from 'node:net'
import {errorText} from '../../../errors.ts'
import type {Server} from '../servers.ts'
import type {RequestFields} from './request.ts'

export type Exchanged =
  | {readonly kind: 'answer'; readonly status: number; readonly body: Buffer}
  | {readonly kind: 'hung'}
  | {readonly kind: 'failed'; readonly reason: string}

export interface Question {
  readonly path: string
  readonly fields: RequestFields
  readonly octets: Buffer
  readonly timeoutMs: number
}

const CONNECT_LIMIT_MS = 5000
const LARGEST_ANSWER = 4 * 1024 * 1024

/** A server, and the connections to it. */
export class HttpServer {
  readonly #server: Server
  readonly #agent: http.Agent
  readonly #request: typeof http.request

  /** @param tls the module https, where the server wants it: few sites do, the others do not load it */
  constructor(server: Server, tls: typeof https | undefined) {
    this.#server = server
    const {Agent} = tls ?? http
    this.#agent = new Agent({keepAlive: true, maxFreeSockets: 1})
    this.#request = tls?.request ?? http.request
  }

  /** Rejects never. */
  async ask(question: Question): Promise<Exchanged> {
    const end = performance.now() + question.timeoutMs
    const {exchanged, wasKept} = await this.#once(question)
    if (exchanged.kind !== 'failed' || !wasKept) return exchanged
    return (await this.#once({...question, timeoutMs: Math.max(1, end - performance.now())})).exchanged
  }

  #once({path, fields, octets, timeoutMs}: Question): Promise<{exchanged: Exchanged; wasKept: boolean}> {
    return new Promise(resolve => {
      const request = this.#request({
        ...this.#address(),
        agent: this.#agent,
        method: 'POST',
        path,
        headers: {...fields, 'Content-Length': octets.length},
      })
      const end = (exchanged: Exchanged) => {
        clearTimeout(deadline)
        clearTimeout(connecting)
        resolve({exchanged, wasKept: request.reusedSocket})
        if (exchanged.kind !== 'answer') request.destroy()
      }
      const deadline = setTimeout(() => end({kind: 'hung'}), timeoutMs)
      const connecting = setTimeout(() => end({kind: 'hung'}), Math.min(timeoutMs, CONNECT_LIMIT_MS))
      const connected = () => clearTimeout(connecting)
      request.once('socket', socket =>
        request.reusedSocket
          ? connected()
          : socket.once(this.#isTls() ? 'secureConnect' : 'connect', connected),
      )
      request.on('error', error => end({kind: 'failed', reason: errorText(error)}))
      request.once('response', response => {
        connected()
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size > LARGEST_ANSWER) end({kind: 'failed', reason: 'an answer without end'})
        })
        response.on('error', error => end({kind: 'failed', reason: errorText(error)}))
        response.once('end', () =>
          end({kind: 'answer', status: response.statusCode ?? 0, body: Buffer.concat(chunks)}),
        )
      })
      request.end(octets)
    })
  }

  #isTls(): boolean {
    return 'host' in this.#server && this.#server.tls !== undefined
  }

  #address(): http.RequestOptions & https.RequestOptions {
    if ('path' in this.#server) return {socketPath: this.#server.path}
    const {host, port, tls} = this.#server
    return {
      host,
      port,
      ...(tls?.ca && {ca: tls.ca}),
      ...(tls && !net.isIP(host) && {servername: host}),
    }
  }

  close(): void {
    this.#agent.destroy()
  }
}
