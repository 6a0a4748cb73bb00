/**
 * flags — the options of the commands of `amavis anvil`, and how they find a running server.
 */
import path from 'node:path'
import {Flags} from '@oclif/core'
import {configurationFlags} from '../../config/cli-flags.ts'
import {askControlSocket} from '../../process/control-socket.ts'
import {readPidFile} from '../../process/pid-file.ts'
import type {AnvilReply, AnvilRequest} from '../control.ts'
import {type AnvilOrder, type AnvilPlan, anvilPlan} from '../plan.ts'
import {ANVIL_PROGRAM} from '../program.ts'

/** Which server. */
export const whichAnvil = configurationFlags

/** Of the commands that start one. */
export const anvilFlags = {
  ...whichAnvil,
  socket: Flags.string({
    char: 's',
    helpValue: '<path>',
    description: 'socket to answer on; default: $anvil_socket',
  }),
  debug: Flags.integer({char: 'd', min: -5, max: 5, helpValue: '<level>', description: 'log level'}),
  'allow-root': Flags.boolean({
    description: 'go on as root where no user is configured: for demonstrations and tests',
  }),
}

export interface AnvilFlagValues {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly home?: string | undefined
  readonly socket?: string | undefined
  readonly debug?: number | undefined
  readonly 'allow-root'?: boolean
}

export function anvilOrder(flags: AnvilFlagValues, log: AnvilOrder['log']): AnvilOrder {
  return {
    files: (flags.config ?? []).map(file => path.resolve(file)),
    instance: flags.instance ?? '',
    home: flags.home === undefined ? undefined : path.resolve(flags.home),
    socket: flags.socket === undefined ? undefined : path.resolve(flags.socket),
    level: flags.debug,
    allowRoot: flags['allow-root'] ?? false,
    log,
  }
}

export interface RunningAnvil {
  readonly plan: AnvilPlan
  /** undefined: it does not run */
  readonly pid: number | undefined
  /** undefined: nobody answers */
  ask(request: AnvilRequest): Promise<AnvilReply | undefined>
}

/** @throws AmavisError AM_CONFIG when the configuration that names its places is wrong */
export function runningAnvil(flags: AnvilFlagValues): RunningAnvil {
  const plan = anvilPlan(anvilOrder(flags, 'syslog'))
  const found = readPidFile(plan.pidFile, ANVIL_PROGRAM)
  return {
    plan,
    pid: found.kind === 'running' ? found.pid : undefined,
    ask: request =>
      askControlSocket<AnvilRequest, AnvilReply>(plan.controlSocket, request, {timeoutMs: 10_000}),
  }
}
