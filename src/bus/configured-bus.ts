/**
 * configured-bus — what a configuration says about the bus.
 */
import type {Settings} from '../config/settings.ts'
import type {McPlan} from './mc-plan.ts'
import {DEFAULT_LIMITS} from './minder-table.ts'
import {DEFAULT_RECORDING_BYTES} from './recording/plan.ts'

export interface ConfiguredBus
  extends Pick<McPlan, 'endpoints' | 'limits' | 'facility' | 'mtaQueues' | 'recording'> {
  readonly home: string
  /** who the services are to be; '' where the configuration names nobody */
  readonly user: string
  /** where the SNMP master agent listens */
  readonly agentx: string
}

export function configuredBus(settings: Settings): ConfiguredBus {
  const text = (name: `$${string}`) => settings.string(name) ?? ''
  const keyFile = text('$bus_curve_key_file')
  // what only this machine's users can reach has its file permissions
  const keyed = (endpoint: string) =>
    keyFile !== '' && /^tcp:/.test(endpoint) && !endpoint.includes('?key=')
      ? `${endpoint}?key=${keyFile}`
      : endpoint
  return {
    endpoints: {
      inner: String(settings.list('@zmq_sockets')[0] ?? ''),
      outer: keyed(text('$bus_outer_socket')),
      snmp: keyed(text('$bus_snmp_socket')),
      ...(text('$bus_broadcast_socket') && {broadcast: keyed(text('$bus_broadcast_socket'))}),
      allowedKeys: settings.list('@bus_allowed_keys').map(String),
      allowUnencrypted: settings.flag('$bus_allow_unencrypted'),
    },
    limits: {
      active: settings.number('$childproc_active_ttl') ?? DEFAULT_LIMITS.active,
      idle: settings.number('$childproc_idle_ttl') ?? DEFAULT_LIMITS.idle,
      kill: settings.number('$childproc_kill_after') ?? DEFAULT_LIMITS.kill,
      giveUp: DEFAULT_LIMITS.giveUp,
    },
    facility: (text('$syslog_facility') || 'mail').toLowerCase().replace(/^log_/, ''),
    mtaQueues: text('$mta_queue_directory') || undefined,
    recording:
      settings.flag('$bus_recording') && text('$bus_recording_directory') !== ''
        ? {
            folder: text('$bus_recording_directory'),
            maxBytes: settings.number('$bus_recording_size') ?? DEFAULT_RECORDING_BYTES,
          }
        : undefined,
    agentx: text('$agentx_socket'),
    home: text('$MYHOME'),
    user: text('$daemon_user'),
  }
}
