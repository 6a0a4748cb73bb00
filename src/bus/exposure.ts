/**
 * exposure — which sockets of the bus other machines can reach without encryption. Pure.
 *
 * What is said on the bus names senders and recipients (in the log channel), and whoever reaches the inner
 * socket can claim anything; so such an address takes `$bus_allow_unencrypted`, and a warning at each start.
 */
import {splitEndpoint} from './curve.ts'
import {tcpAddress} from './endpoint.ts'
import {type BusEndpoints, boundBy, SERVICES, type ServiceName} from './services.ts'

/** A sentence for each endpoint that these services would bind openly. */
export function exposed(
  endpoints: BusEndpoints,
  names: readonly ServiceName[] = SERVICES,
): readonly string[] {
  return names
    .flatMap(name => boundBy(name, endpoints))
    .filter(({endpoint}) => isOpen(endpoint))
    .map(({endpoint, setting}) => `${endpoint} (${setting}) can be reached from other machines, unencrypted`)
}

/** What to do about it. */
export const EXPOSURE_HELP =
  'set $bus_curve_key_file (see amavis bus-keys), a loopback address, or $bus_allow_unencrypted'

function isOpen(endpoint: string): boolean {
  const {address, keyFile} = splitEndpoint(endpoint)
  const tcp = tcpAddress(address)
  if (!tcp || keyFile !== undefined) return false
  return !/^(?:127\.|::1$|localhost$)/.test(tcp.host)
}
