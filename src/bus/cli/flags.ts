/**
 * flags — the options of `amavis mc` and `amavis services`, and the plan that they and the configuration make.
 */
import path from 'node:path'
import {Flags} from '@oclif/core'
import {configurationFlags} from '../../config/cli-flags.ts'
import {type ConfiguredBus, configuredBus} from '../configured-bus.ts'
import type {McPlan} from '../mc-plan.ts'
import {DEFAULT_LIMITS} from '../minder-table.ts'

/** Where snmpd listens unless it is told otherwise. */
const DEFAULT_AGENTX = '/var/agentx/master'

const endpoint = (description: string) => Flags.string({helpValue: '<endpoint>', description})

export const busFlags = {
  foreground: Flags.boolean({
    char: 'f',
    description: 'stay in the foreground and log to standard error instead of syslog',
  }),
  debug: Flags.integer({
    char: 'd',
    min: -5,
    max: 5,
    default: 0,
    helpValue: '<level>',
    description: 'log level',
  }),
  ...configurationFlags,
  user: Flags.string({char: 'u', helpValue: '<user>', description: 'become this user, as root'}),
  inner: endpoint('where processes publish; default: the first of @zmq_sockets'),
  outer: endpoint('where displays listen; default: $bus_outer_socket'),
  snmp: endpoint('where questions about counters are answered; default: $bus_snmp_socket'),
  broadcast: endpoint('where all counters are said every 10 s; default: $bus_broadcast_socket'),
  'allow-unencrypted': Flags.boolean({
    description: 'let other machines reach the bus without encryption; as $bus_allow_unencrypted',
  }),
  'allow-root': Flags.boolean({
    description: 'go on as root where no user is configured: for demonstrations and tests',
  }),
}

export interface BusFlagValues {
  readonly foreground: boolean
  readonly debug: number
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly home?: string | undefined
  readonly user?: string | undefined
  readonly inner?: string | undefined
  readonly outer?: string | undefined
  readonly snmp?: string | undefined
  readonly broadcast?: string | undefined
  readonly 'allow-root': boolean
  readonly 'allow-unencrypted'?: boolean
}

/** A plan and what else the configuration says to a program of the bus. */
export interface ConfiguredPlan extends McPlan {
  /** undefined: no configuration was read */
  readonly home: string | undefined
  /** `$agentx_socket` */
  readonly agentx: string
}

/**
 * The plan of a command line: the flags, and the configuration for what they leave open.
 *
 * With all three endpoints and no -c, -i or -H given no configuration is read.
 * @throws AmavisError AM_CONFIG with each problem of the configuration in a line
 */
export async function planOf(flags: BusFlagValues): Promise<ConfiguredPlan> {
  const endpoints = {inner: flags.inner, outer: flags.outer, snmp: flags.snmp}
  const complete = isComplete(endpoints) && !flags.config && !flags.instance && !flags.home
  const configured = complete ? undefined : await readConfiguration(flags)
  const broadcast = flags.broadcast ?? configured?.endpoints.broadcast
  const user = flags.user ?? configured?.user
  return {
    endpoints: {
      inner: flags.inner ?? configured?.endpoints.inner ?? '',
      outer: flags.outer ?? configured?.endpoints.outer ?? '',
      snmp: flags.snmp ?? configured?.endpoints.snmp ?? '',
      ...(broadcast && {broadcast}),
      allowedKeys: configured?.endpoints.allowedKeys ?? [],
      allowUnencrypted: flags['allow-unencrypted'] || (configured?.endpoints.allowUnencrypted ?? false),
    },
    limits: configured?.limits ?? DEFAULT_LIMITS,
    mtaQueues: configured?.mtaQueues,
    recording: configured?.recording,
    level: flags.debug,
    log: flags.foreground ? 'stderr' : 'syslog',
    facility: configured?.facility ?? 'mail',
    allowRoot: flags['allow-root'],
    home: configured?.home,
    agentx: configured?.agentx ?? DEFAULT_AGENTX,
    ...(user && {user}),
  }
}

function isComplete(endpoints: Partial<Record<'inner' | 'outer' | 'snmp', string | undefined>>): boolean {
  return Object.values(endpoints).every(endpoint => endpoint !== undefined)
}

async function readConfiguration(flags: BusFlagValues): Promise<ConfiguredBus> {
  const {configurationFor} = await import('../../config/usable.ts')
  const {settings} = configurationFor({
    files: flags.config?.map(file => path.resolve(file)) ?? [],
    instance: flags.instance ?? '',
    home: flags.home === undefined ? undefined : path.resolve(flags.home),
  })
  return configuredBus(settings)
}
