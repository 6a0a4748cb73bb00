/**
 * service-socket — bind and connect as the services do: refused with words that help.
 */
import {AmavisError, errorText} from '../errors.ts'
import {bindProblem, openToGroup} from './bind.ts'
import {splitEndpoint} from './curve.ts'
import {connectable, isIpv6} from './endpoint.ts'

/** Options of every socket of a service: nothing unsent holds up an end. */
export function socketOptions(...endpoints: readonly string[]) {
  return {linger: 0, ipv6: endpoints.some(isIpv6)}
}

/** @throws AmavisError AM_DAEMON naming the endpoint and the reason */
export async function bindSocket(
  socket: {bind(endpoint: string): Promise<void>},
  text: string,
): Promise<void> {
  const endpoint = splitEndpoint(text).address
  const problem = await bindProblem(endpoint)
  if (problem !== undefined) throw new AmavisError('AM_DAEMON', `cannot bind ${endpoint}: ${problem}`)
  try {
    await socket.bind(endpoint)
    await openToGroup(endpoint)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot bind ${endpoint}: ${errorText(error)}`, {cause: error})
  }
}

/** @throws AmavisError AM_DAEMON for an endpoint that is no address */
export function connectSocket(socket: {connect(endpoint: string): void}, text: string): void {
  const endpoint = connectable(splitEndpoint(text).address)
  try {
    socket.connect(endpoint)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot connect to ${endpoint}: ${errorText(error)}`, {cause: error})
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), {once: true}))
}
