/**
 * services — the three programs that make the bus: what they are called, what they need, how they run.
 *
 *     daemon processes --PUB--> inner [msg-forwarder] outer --SUB--> childproc-minder, snmp-responder, displays
 *                                 ^------- reports ---------- childproc-minder
 *
 * Source: spec/monitoring §1.1, §2.2–2.4. Each runs in a process of its own and until its signal is aborted.
 * A fourth, flight-recorder, is of our own: it keeps what the outer socket says on disk (recording/).
 */
import type {Log} from '../log/log.ts'
import type {MinderLimits} from './minder-table.ts'
import type {RecordingPlan} from './recording/plan.ts'

export const SERVICES = ['msg-forwarder', 'childproc-minder', 'snmp-responder'] as const
export const RECORDER = 'flight-recorder'
const ALL_SERVICES = [...SERVICES, RECORDER] as const
export type ServiceName = (typeof ALL_SERVICES)[number]

/** The services that a supervisor keeps up. */
export function servicesFor({
  recording,
}: {
  readonly recording?: RecordingPlan | undefined
}): readonly ServiceName[] {
  return recording === undefined ? SERVICES : ALL_SERVICES
}

/** The service that a name on the command line means; snmp-responder has an older one. */
export function serviceNamed(name: string): ServiceName | undefined {
  return ALL_SERVICES.find(service => service === (name === 'snmp-aggregator' ? 'snmp-responder' : name))
}

/** Where the parts of the bus meet. */
export interface BusEndpoints {
  /** daemon processes speak to it */
  readonly inner: string
  /** displays listen to it */
  readonly outer: string
  /** questions are put to it */
  readonly snmp: string
  /** where the responder says all counters every ten seconds; undefined: nowhere */
  readonly broadcast?: string | undefined
  /** public keys that may connect to endpoints with a key file, beside that file's own */
  readonly allowedKeys?: readonly string[]
  /** endpoints may be reachable from other machines without encryption */
  readonly allowUnencrypted?: boolean
}

export interface ServiceOptions {
  readonly endpoints: BusEndpoints
  readonly limits: MinderLimits
  /** folder of Postfix's queues, for childproc-minder to count in; undefined: none */
  readonly mtaQueues?: string | undefined
  /** for flight-recorder; undefined: nothing is recorded */
  readonly recording?: RecordingPlan | undefined
  readonly log: Log
  readonly signal: AbortSignal
  /** called when the sockets are bound or connected */
  readonly ready?: () => void
}

/** The endpoints that a service binds, with what the settings and flags for them are called. */
export function boundBy(
  name: ServiceName,
  endpoints: BusEndpoints,
): readonly {readonly endpoint: string; readonly flag: string; readonly setting: string}[] {
  switch (name) {
    case 'msg-forwarder':
      return [
        {endpoint: endpoints.inner, flag: '--inner', setting: '@zmq_sockets'},
        {endpoint: endpoints.outer, flag: '--outer', setting: '$bus_outer_socket'},
      ]
    case 'snmp-responder':
      return [
        {endpoint: endpoints.snmp, flag: '--snmp', setting: '$bus_snmp_socket'},
        ...(endpoints.broadcast === undefined
          ? []
          : [{endpoint: endpoints.broadcast, flag: '--broadcast', setting: '$bus_broadcast_socket'}]),
      ]
    case 'childproc-minder':
    case 'flight-recorder':
      return []
  }
}

/**
 * Run one service.
 * @returns after the signal was aborted and the sockets are closed
 * @throws when an endpoint cannot be used, or ZeroMQ fails
 */
export async function runService(name: ServiceName, options: ServiceOptions): Promise<void> {
  switch (name) {
    case 'msg-forwarder':
      return (await import('./forwarder.ts')).runForwarder(options)
    case 'childproc-minder':
      return (await import('./minder.ts')).runMinder(options)
    case 'snmp-responder':
      return (await import('./responder.ts')).runResponder(options)
    case 'flight-recorder':
      return (await import('./recording/service.ts')).runRecorderService(options)
  }
}
