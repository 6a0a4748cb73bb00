/**
 * http — a question of HTTP/1.1 as octets, and its answer out of them. Pure.
 *
 * node:http would cost a child 6 MiB and as much CPU as all the rest of a question. A connection has one question, so
 * that all there is to know is where the answer ends: by Content-Length, in chunks, or with the connection.
 * Source: RFC 9112 §6, §7.1.
 */
import {isWhole, splitAnswer} from '../exchange.ts'
import type {RequestFields} from './request.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** for the field Host */
  readonly host: string
  readonly fields: RequestFields
}

/** The head of a request; fields are octets as characters, without ends of lines. @param size of its body */
export function requestHead({method, path, host, fields}: HttpRequest, size: number): Buffer {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map(one => `${name}: ${one}\r\n`),
  )
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${size}\r\n`
  return Buffer.from(`${head}${lines.join('')}\r\n`, 'latin1')
}

export type HttpAnswer =
  | {readonly kind: 'answer'; readonly status: number; readonly body: Buffer}
  | {readonly kind: 'failed'; readonly reason: string}

/** @param octets all that came until the answer was whole or the connection was closed */
export function parseHttp(octets: Buffer): HttpAnswer {
  const answer = splitAnswer(octets)
  const status = /^HTTP\/1\.\d ([1-5]\d\d)(?: |$)/.exec(answer?.status ?? '')?.[1]
  if (!answer || status === undefined)
    return {kind: 'failed', reason: octets.length === 0 ? 'no answer' : 'an answer that is no HTTP'}
  const isChunked = /^chunked$/i.test(answer.fields.get('transfer-encoding') ?? '')
  const body = isChunked ? joinedChunks(answer.body) : isWhole(answer) ? answer.body : undefined
  if (body === undefined) return {kind: 'failed', reason: 'an answer that is cut off'}
  return {kind: 'answer', status: Number(status), body}
}

/** Undefined: it breaks off. */
function joinedChunks(octets: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const digits = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(octets.toString('latin1', at, lineEnd))?.[1]
    if (digits === undefined) return undefined
    const size = Number.parseInt(digits, 16)
    // What may come after the last one are fields that nobody asked for.
    if (size === 0) return Buffer.concat(chunks)
    const end = lineEnd + 2 + size
    if (octets.toString('latin1', end, end + 2) !== '\r\n') return undefined
    chunks.push(octets.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
