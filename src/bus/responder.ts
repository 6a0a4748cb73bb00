/**
 * responder — snmp-responder: hears the counters and answers questions about them.
 *
 * With an address to broadcast at it also says all counters there every ten seconds, as its forerunner
 * snmp-aggregator did.
 *
 * The sockets of variable-store.ts. Every question is answered, so that no client can jam the socket for
 * the others: of a question in several frames the first counts. Source: spec/monitoring §1.4.
 */
import {setInterval as ticks} from 'node:timers/promises'
import {Publisher, Reply, Subscriber} from 'zeromq'
import {clientCurve, serverCurve} from './curve.ts'
import {guard} from './door-keeper.ts'
import {LARGEST_FRAME_BYTES, parseFrame} from './grammar.ts'
import {INCIDENT_PREFIX} from './incident.ts'
import {aborted, bindSocket, connectSocket, socketOptions} from './service-socket.ts'
import type {ServiceOptions} from './services.ts'
import {VariableStore} from './variable-store.ts'

const LARGEST_QUESTION_BYTES = 1024
const BROADCAST_MS = 10_000

export async function runResponder({endpoints, log, signal, ready}: ServiceOptions): Promise<void> {
  const {broadcast} = endpoints
  const asked = [endpoints.snmp, ...(broadcast === undefined ? [] : [broadcast])]
  const keeper = await guard(asked, endpoints.allowedKeys ?? [], log)
  const serving = (endpoint: string) => ({
    ...socketOptions(endpoint),
    ...serverCurve(endpoint),
    ...(keeper.context && {context: keeper.context}),
  })
  const outer = new Subscriber({
    ...socketOptions(endpoints.outer),
    ...clientCurve(endpoints.outer),
    maxMessageSize: LARGEST_FRAME_BYTES,
  })
  const query = new Reply({...serving(endpoints.snmp), maxMessageSize: LARGEST_QUESTION_BYTES})
  const crier = broadcast === undefined ? undefined : new Publisher(serving(broadcast))
  const store = new VariableStore(Date.now())
  try {
    await bindSocket(query, endpoints.snmp)
    if (crier && broadcast !== undefined) await bindSocket(crier, broadcast)
    connectSocket(outer, endpoints.outer)
    outer.subscribe('am.snmp ', 'am.nanny ', INCIDENT_PREFIX)
    log.write(2, `answering at ${endpoints.snmp}`)
    ready?.()
    const work = [hear(outer, store), answer(query, store), aborted(signal)]
    if (crier) work.push(cry(crier, store, signal))
    await Promise.race(work)
  } finally {
    crier?.close()
    keeper.close()
    outer.close()
    query.close()
  }
}

// Octets that are no ASCII pass unchanged: latin1 in, latin1 out.

async function hear(socket: Subscriber, store: VariableStore): Promise<void> {
  for await (const message of socket) {
    const now = Date.now()
    for (const frame of message) store.hear(parseFrame(frame.toString('latin1')), now)
  }
}

async function answer(socket: Reply, store: VariableStore): Promise<void> {
  for await (const [question] of socket) {
    const frames = store.answer(question?.toString('latin1') ?? '', Date.now())
    await socket.send(frames.map(frame => Buffer.from(frame, 'latin1')))
  }
}

async function cry(socket: Publisher, store: VariableStore, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of ticks(BROADCAST_MS, undefined, {signal})) {
      const frames = store.answer('am.snmp?').map(frame => Buffer.from(frame, 'latin1'))
      if (!socket.closed) await socket.send(frames)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
