/**
 * forwarder — msg-forwarder: everything that is said at the inner socket comes out at the outer one.
 *
 * Looks at nothing and changes nothing, message boundaries included. ZeroMQ's own proxy does it in a
 * thread, without a single frame becoming a JavaScript object. Source: spec/monitoring §1.1, §2.3.
 */
import {Publisher, Subscriber, Proxy as ZmqProxy} from 'zeromq'
import {serverCurve} from './curve.ts'
import {guard} from './door-keeper.ts'
import {LARGEST_FRAME_BYTES} from './grammar.ts'
import {aborted, bindSocket, socketOptions} from './service-socket.ts'
import type {ServiceOptions} from './services.ts'

export async function runForwarder({endpoints, signal, log, ready}: ServiceOptions): Promise<void> {
  const keeper = await guard([endpoints.outer], endpoints.allowedKeys ?? [], log)
  const inner = new Subscriber({...socketOptions(endpoints.inner), maxMessageSize: LARGEST_FRAME_BYTES})
  const outer = new Publisher({
    ...socketOptions(endpoints.outer),
    ...serverCurve(endpoints.outer),
    ...(keeper.context && {context: keeper.context}),
  })
  try {
    inner.subscribe()
    await bindSocket(inner, endpoints.inner)
    await bindSocket(outer, endpoints.outer)
    if (signal.aborted) return
    const proxy = new ZmqProxy(inner, outer)
    const ended = proxy.run()
    log.write(2, `forwarding from ${endpoints.inner} to ${endpoints.outer}`)
    ready?.()
    await Promise.race([ended, aborted(signal)])
    if (signal.aborted) proxy.terminate()
    await ended
  } finally {
    inner.close()
    outer.close()
    keeper.close()
  }
}
