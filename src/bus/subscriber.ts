/**
 * subscriber — listen to buses, and ask their responders.
 *
 * One SUB socket an endpoint, so that a listener knows which bus a message came from. Endpoints may come
 * and go: ZeroMQ reconnects by itself, and what was said meanwhile is lost.
 */
import {AmavisError, errorText} from '../errors.ts'
import {clientCurve, splitEndpoint} from './curve.ts'
import {connectable, isIpv6} from './endpoint.ts'
import {type Frame, LARGEST_FRAME_BYTES, parseFrame} from './grammar.ts'
import {askReplay, isReplay, replay} from './recording/replay.ts'

export interface BusMessage {
  readonly endpoint: string
  readonly frames: readonly string[]
}

/** Messages that may wait for a slow reader; what comes beyond is dropped, newest first. */
const MOST_WAITING = 10_000

/**
 * Everything that the endpoints (the forwarders' outer sockets) say and that begins with one of the
 * prefixes, each of them as in `am.st ` with its space. Ends when the signal is aborted.
 *
 * @param onDrop told of each message that was dropped because the reader is too slow
 *
 * A recording stands for a bus (recording/replay.ts), and always alone.
 * @throws AmavisError AM_USAGE for an endpoint that is no address, or whose key file cannot be used
 */
export async function* subscribe(
  endpoints: readonly string[],
  prefixes: readonly string[],
  {signal, onDrop}: {readonly signal: AbortSignal; readonly onDrop?: (endpoint: string) => void},
): AsyncGenerator<BusMessage> {
  if (signal.aborted) return
  if (endpoints.some(isReplay)) return yield* replay(endpoints[0] ?? '', prefixes, {signal})
  const {Subscriber} = await import('zeromq')
  const waiting: BusMessage[] = []
  let wake = () => {}
  const put = (message: BusMessage) => {
    if (waiting.length < MOST_WAITING) waiting.push(message)
    else onDrop?.(message.endpoint)
    wake()
  }
  const sockets = endpoints.map(
    endpoint =>
      new Subscriber({
        linger: 0,
        ipv6: isIpv6(endpoint),
        maxMessageSize: LARGEST_FRAME_BYTES,
        ...clientCurve(endpoint),
      }),
  )
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  try {
    for (const [i, socket] of sockets.entries()) {
      const endpoint = endpoints[i] ?? ''
      connect(socket, endpoint)
      socket.subscribe(...prefixes)
      void receiveAll(socket, frames => put({endpoint, frames}))
    }
    while (!signal.aborted) {
      const message = waiting.shift()
      if (message) yield message
      else await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    for (const socket of sockets) socket.close()
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
  {timeoutMs = 2000}: {readonly timeoutMs?: number} = {},
): Promise<readonly Frame[]> {
  if (isReplay(endpoint)) return meaningful(await askReplay(endpoint, question))
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

async function receiveAll(
  socket: AsyncIterable<Buffer[]>,
  put: (frames: readonly string[]) => void,
): Promise<void> {
  // ends when the socket is closed
  for await (const message of socket) put(message.map(frame => frame.toString()))
}
