/**
 * endpoints — which buses a view listens to, and which responder it asks.
 *
 * The command line decides, then the environment, then the configuration, then the addresses of the
 * original. A configuration that is missing or wrong never keeps a view from starting.
 */

export const DEFAULT_BUS = 'tcp://127.0.0.1:23232'
export const DEFAULT_RESPONDER = 'tcp://127.0.0.1:23233'

export interface EndpointChoice {
  /** `--connect`, as often as given */
  readonly connect: readonly string[] | undefined
  /** `--snmp-connect` */
  readonly snmpConnect?: string | undefined
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
  readonly responder: string
}

/** Pure but for `configured`, which is asked only when nothing else decides. */
export async function resolveEndpoints(choice: EndpointChoice): Promise<Endpoints> {
  const {connect, snmpConnect, environment, configured} = choice
  const named = connect ?? environment['AMAVIS_CONNECT']?.split(/[\s,]+/).filter(Boolean) ?? []
  const [first] = named
  if (first !== undefined) return {buses: named, responder: snmpConnect ?? responderBeside(first)}
  const {bus, responder} = await configured()
  return {
    buses: [bus ?? DEFAULT_BUS],
    responder: snmpConnect ?? responder ?? (bus === undefined ? DEFAULT_RESPONDER : responderBeside(bus)),
  }
}

/** The responder that stands beside a bus: the next port, or `snmp.sock` in the same folder. */
export function responderBeside(bus: string): string {
  const tcp = /^(tcp:\/\/[^?]+:)(\d+)(\?key=.+)?$/.exec(bus)
  if (tcp) return `${tcp[1]}${Number(tcp[2]) + 1}${tcp[3] ?? ''}`
  const ipc = /^(ipc:\/\/.*\/)[^/]+$/.exec(bus)
  return ipc ? `${ipc[1]}snmp.sock` : DEFAULT_RESPONDER
}
