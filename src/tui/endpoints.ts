/**
 * endpoints — which buses a view listens to, and which responder it asks.
 *
 * The command line decides, then the environment, then the configuration, then the addresses of the
 * original. A configuration that is missing or wrong never keeps a view from starting.
 */
import type {ReplayClock} from '../bus/recording/clock.ts'

export const DEFAULT_BUS = 'tcp://127.0.0.1:23232'
const DEFAULT_RESPONDER = 'tcp://127.0.0.1:23233'

export interface EndpointChoice {
  /** `--connect`, as often as given */
  readonly connect: readonly string[] | undefined
  /** `--snmp-connect`, once or as often as given: the first is of the first bus */
  readonly snmpConnect?: string | readonly string[] | undefined
  readonly environment: NodeJS.ProcessEnv
  /** what the configuration has of these two settings; undefined where it has none */
  readonly configured: () => Promise<ConfiguredEndpoints>
}

export interface ConfiguredEndpoints {
  readonly bus: string | undefined
  readonly responder: string | undefined
  /** the master's control socket */
  readonly control: string | undefined
  /** the folder that the services record to */
  readonly recording?: string | undefined
  /** `$nanny_details_level` */
  readonly details?: number | undefined
}

export interface Endpoints {
  readonly buses: readonly string[]
  /** of the first bus */
  readonly responder: string
  /** of each bus, and more where more were named than buses */
  readonly responders: readonly [string, ...string[]]
  /** of recordings, which stand for buses and responders */
  readonly clock?: ReplayClock
}

/** Pure but for `configured`, which is asked only when nothing else decides. */
export async function resolveEndpoints(choice: EndpointChoice): Promise<Endpoints> {
  const {connect, snmpConnect, environment, configured} = choice
  const named = connect ?? environment['AMAVIS_CONNECT']?.split(/[\s,]+/).filter(Boolean) ?? []
  const asked = [snmpConnect ?? []].flat()
  const [first] = named
  if (first !== undefined) return endpointsOf([first, ...named.slice(1)], asked)
  const {bus, responder} = await configured()
  const beside = responder ?? (bus === undefined ? DEFAULT_RESPONDER : responderBeside(bus))
  return endpointsOf([bus ?? DEFAULT_BUS], asked.length > 0 ? asked : [beside])
}

function endpointsOf(buses: readonly [string, ...string[]], asked: readonly string[]): Endpoints {
  const [first, ...others] = buses
  const responder = asked[0] ?? responderBeside(first)
  const beside = others.map((bus, i) => asked[i + 1] ?? responderBeside(bus))
  return {buses, responder, responders: [responder, ...beside, ...asked.slice(buses.length)]}
}

/** The responder that stands beside a bus: the next port, or `snmp.sock` in the same folder. */
function responderBeside(bus: string): string {
  const tcp = /^(tcp:\/\/[^?]+:)(\d+)(\?key=.+)?$/.exec(bus)
  if (tcp) return `${tcp[1]}${Number(tcp[2]) + 1}${tcp[3] ?? ''}`
  const ipc = /^(ipc:\/\/.*\/)[^/]+$/.exec(bus)
  return ipc ? `${ipc[1]}snmp.sock` : DEFAULT_RESPONDER
}
