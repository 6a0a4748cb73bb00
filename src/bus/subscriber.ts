/**
 * subscriber — listen to buses, and ask their responders.
 *
 * One SUB socket an endpoint, so that a listener knows which bus a message came from. Endpoints may come
 * and go: ZeroMQ reconnects by itself, and what was said meanwhile is lost.
 */
import type {Subscriber} from 'zeromq'
import {AmavisError, errorText} from '../errors.ts'
import {clientCurve, splitEndpoint} from './curve.ts'
import {connectable, isIpv6} from './endpoint.ts'
import {type Frame, LARGEST_FRAME_BYTES, parseFrame} from './grammar.ts'
import type {ReplayClock} from './recording/clock.ts'
import {askReplay, isReplay, replay} from './recording/replay.ts'

export interface BusMessage {
  readonly endpoint: string
  readonly frames: readonly string[]
  /** when it was said, of a recording whose beginning comes at once; else it has just arrived */
  readonly atMs?: number | undefined
}

export interface ListenOptions {
  readonly signal: AbortSignal
  /** of a view that shows recordings in their own time */
  readonly clock?: ReplayClock | undefined
}

/** Messages that may wait for a slow reader; what comes beyond is dropped, newest first. */
const MOST_WAITING = 10_000

/**
 * Hear everything that the endpoints (the forwarders' outer sockets) say and that begins with one of the
 * prefixes, each of them as in `am.st ` with its space. Ends when the signal is aborted.
 *
 * A recording may stand for a bus (recording/replay.ts). Nothing is kept here: while `put` runs, what arrives waits
 * with ZeroMQ, which has room for a thousand messages and then lets go of the newest.
 * @throws AmavisError AM_USAGE for an endpoint that is no address, or whose key file cannot be used
 */
export async function listen(
  endpoints: readonly string[],
  prefixes: readonly string[],
  {signal, clock}: ListenOptions,
  put: (endpoint: string, frames: readonly Buffer[], atMs?: number) => void,
): Promise<void> {
  if (signal.aborted) return
  const failed = Promise.withResolvers<never>()
  const sockets: Subscriber[] = []
  const ended = new AbortController()
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
  try {
    for (const endpoint of endpoints) {
      if (isReplay(endpoint)) {
        const stop = AbortSignal.any([signal, ended.signal])
        playAll(endpoint, prefixes, {signal: stop, clock}, put).catch(failed.reject)
        continue
      }
      const {Subscriber} = await import('zeromq')
      const socket = new Subscriber({
        linger: 0,
        ipv6: isIpv6(endpoint),
        maxMessageSize: LARGEST_FRAME_BYTES,
        ...clientCurve(endpoint),
      })
      sockets.push(socket)
      connect(socket, endpoint)
      socket.subscribe(...prefixes)
      receiveAll(socket, frames => put(endpoint, frames)).catch(failed.reject)
    }
    if (!signal.aborted) await Promise.race([aborted, failed.promise])
  } finally {
    ended.abort()
    for (const socket of sockets) socket.close()
  }
}

/**
 * As `listen`, for readers that take their time.
 * @param onDrop told of each message that was dropped because the reader is too slow
 */
export async function* subscribe(
  endpoints: readonly string[],
  prefixes: readonly string[],
  {signal, clock, onDrop}: ListenOptions & {readonly onDrop?: (endpoint: string) => void},
): AsyncGenerator<BusMessage> {
  const waiting: BusMessage[] = []
  const ended = new AbortController()
  const stop = AbortSignal.any([signal, ended.signal])
  let wake = () => {}
  let failure: unknown
  const listening = listen(endpoints, prefixes, {signal: stop, clock}, (endpoint, frames, atMs) => {
    if (waiting.length < MOST_WAITING)
      waiting.push({endpoint, frames: frames.map(frame => frame.toString()), atMs})
    else onDrop?.(endpoint)
    wake()
  })
    .catch(error => void (failure = error))
    .finally(() => {
      ended.abort()
      wake()
    })
  try {
    while (!stop.aborted) {
      const message = waiting.shift()
      if (message) yield message
      else await new Promise<void>(resolve => (wake = resolve))
    }
    if (failure !== undefined) throw failure
  } finally {
    ended.abort()
    await listening
  }
}

/**
 * Put a question (`am.snmp?`, `am.nanny?`) to a responder.
 *
 * Each call has a socket of its own: a REQ socket whose answer never came is of no use any more.
 * @returns the frames of the answer that mean something; none for an empty answer
 * @throws AmavisError AM_TIMEOUT when there is no answer in time, AM_USAGE for an endpoint that is no address
 */
export async function ask(
  endpoint: string,
  question: string,
  {timeoutMs = 2000, clock}: AskOptions = {},
): Promise<readonly Frame[]> {
  if (isReplay(endpoint)) return meaningful(await askReplay(endpoint, question, Date.now(), clock))
  const {Request} = await import('zeromq')
  const socket = new Request({
    linger: 0,
    sendTimeout: timeoutMs,
    receiveTimeout: timeoutMs,
    ipv6: isIpv6(endpoint),
    maxMessageSize: LARGEST_FRAME_BYTES,
    ...clientCurve(endpoint),
  })
  try {
    connect(socket, endpoint)
    await socket.send(question)
    const answer = await socket.receive()
    return meaningful(answer.map(frame => frame.toString()))
  } catch (error) {
    if (error instanceof AmavisError) throw error
    throw new AmavisError('AM_TIMEOUT', `no answer from ${endpoint} within ${timeoutMs} ms`, {cause: error})
  } finally {
    socket.close()
  }
}

export interface AskOptions {
  readonly timeoutMs?: number
  /** of a view that shows recordings in their own time */
  readonly clock?: ReplayClock | undefined
}

function meaningful(frames: readonly string[]): readonly Frame[] {
  return frames.map(parseFrame).filter(frame => frame.kind !== 'unknown')
}

function connect(socket: {connect(endpoint: string): void}, endpoint: string): void {
  try {
    socket.connect(connectable(splitEndpoint(endpoint).address))
  } catch (error) {
    throw new AmavisError('AM_USAGE', `cannot connect to "${endpoint}": ${errorText(error)}`, {cause: error})
  }
}

async function receiveAll(socket: Subscriber, put: (frames: readonly Buffer[]) => void): Promise<void> {
  // ends when the socket is closed
  for await (const message of socket) put(message)
}

async function playAll(
  endpoint: string,
  prefixes: readonly string[],
  options: ListenOptions,
  put: (endpoint: string, frames: readonly Buffer[], atMs?: number) => void,
): Promise<void> {
  for await (const {frames, atMs} of replay(endpoint, prefixes, options)) {
    const octets = frames.map(frame => Buffer.from(frame))
    put(endpoint, octets, atMs)
  }
}
