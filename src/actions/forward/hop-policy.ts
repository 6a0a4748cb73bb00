/**
 * hop-policy — how a next hop is to be spoken to, by the settings of the mail: from which address, encrypted or not,
 * as whom (spec/config, sending side).
 *
 * Credentials are for mail of our own, and for others' mail only where `$auth_reauthenticate_forwarded` says so. Kept
 * connections serve only mail of the same policy. Pure.
 */
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import type {Purpose} from './delivery.ts'

export interface HopPolicy {
  /** what tells connections of different policies apart; '' for the usual one */
  readonly key: string
  /** `$local_client_bind_address` */
  readonly localAddress: string | undefined
  /** undefined: never; may: where it is offered; encrypt: or not at all */
  readonly tls: 'may' | 'encrypt' | undefined
  /** `%smtp_tls_client_options` */
  readonly tlsOptions: ReadonlyMap<string, Scalar>
  /** `%smtp_tls_client_verifycn_name_maps` */
  readonly peerNames: ReadonlyMap<string, Scalar>
  readonly credentials: {readonly user: string; readonly password: string} | undefined
  /** do not send without having authenticated */
  readonly authRequired: boolean
}

interface Policies {
  readonly relay: HopPolicy
  readonly own: HopPolicy
}

/** Settings never change once they are made. */
const known = new WeakMap<Settings, Policies>()

export function hopPolicy(settings: Settings, purpose: Purpose): HopPolicy {
  let policies = known.get(settings)
  if (!policies) {
    policies = policiesOf(settings)
    known.set(settings, policies)
  }
  return purpose === 'Relay' ? policies.relay : policies.own
}

function policiesOf(settings: Settings): Policies {
  const level = settings.string('$tls_security_level_out')?.toLowerCase()
  const user = settings.string('$amavis_auth_user')
  const common = {
    localAddress: settings.string('$local_client_bind_address') || undefined,
    tls: level === 'may' || level === 'encrypt' ? level : undefined,
    tlsOptions: settings.hash('%smtp_tls_client_options'),
    peerNames: settings.hash('%smtp_tls_client_verifycn_name_maps'),
  } as const
  const credentials = user ? {user, password: settings.string('$amavis_auth_pass') ?? ''} : undefined
  const required = settings.flag('$auth_required_out')
  const own = {...common, credentials, authRequired: required}
  const relay = settings.flag('$auth_reauthenticate_forwarded')
    ? own
    : {...common, credentials: undefined, authRequired: false}
  return {relay: {...relay, key: keyOf(relay)}, own: {...own, key: keyOf(own)}}
}

function keyOf({localAddress, tls, credentials, authRequired}: Omit<HopPolicy, 'key'>): string {
  const login = credentials && [credentials.user, credentials.password]
  const parts = [localAddress, tls, login, authRequired ? 'auth' : undefined]
  return parts.some(part => part !== undefined) ? ` ${JSON.stringify(parts)}` : ''
}
