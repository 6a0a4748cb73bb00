/**
 * responder — snmp-responder: hears the counters and answers questions about them.
 *
 * The sockets of variable-store.ts. Every question is answered, so that no client can jam the socket for
 * the others: of a question in several frames the first counts. Source: spec/monitoring §1.4.
 */
import {Reply, Subscriber} from 'zeromq'
import {LARGEST_FRAME_BYTES, parseFrame} from './grammar.ts'
import {aborted, bindSocket, connectSocket, socketOptions} from './service-socket.ts'
import type {ServiceOptions} from './services.ts'
import {VariableStore} from './variable-store.ts'

const LARGEST_QUESTION_BYTES = 1024

export async function runResponder({endpoints, log, signal, ready}: ServiceOptions): Promise<void> {
  const outer = new Subscriber({...socketOptions(endpoints.outer), maxMessageSize: LARGEST_FRAME_BYTES})
  const query = new Reply({...socketOptions(endpoints.snmp), maxMessageSize: LARGEST_QUESTION_BYTES})
  const store = new VariableStore(Date.now())
  try {
    await bindSocket(query, endpoints.snmp)
    connectSocket(outer, endpoints.outer)
    outer.subscribe('am.snmp ', 'am.nanny ')
    log.write(2, `answering at ${endpoints.snmp}`)
    ready?.()
    await Promise.race([hear(outer, store), answer(query, store), aborted(signal)])
  } finally {
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
    const frames = store.answer(question?.toString('latin1') ?? '')
    await socket.send(frames.map(frame => Buffer.from(frame, 'latin1')))
  }
}
