/**
 * which-socket — the daemon that a command talks AM.PDP to.
 *
 * Who may not read the configuration still may talk to the daemon: the usual places are meant then.
 */
import {Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../../../../config/cli/flags.ts'
import type {Settings} from '../../../../config/settings.ts'
import {usableConfiguration} from '../../../../config/usable.ts'
import {AmavisError} from '../../../../errors.ts'
import {configuredEndpoint, USUAL_SOCKET} from '../configured-endpoint.ts'
import type {Endpoint} from '../conversation.ts'

export const socketFlags = {
  config: sourceFlags.config,
  instance: sourceFlags.instance,
  socket: Flags.string({
    helpValue: '<path>',
    description: "the daemon's AM.PDP socket, a path or host:port; default: the one of the configuration",
  }),
}

interface SocketFlags {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly socket?: string | undefined
}

export interface WhichDaemon {
  readonly endpoint: Endpoint
  /** undefined: the configuration could not be read */
  readonly settings: Settings | undefined
}

/** @throws AmavisError AM_CONFIG for a configuration that was named and cannot be used, or has no such socket */
export function whichSocket(flags: SocketFlags): WhichDaemon {
  const settings = readSettings(flags)
  if (flags.socket !== undefined) return {endpoint: flags.socket, settings}
  if (!settings) return {endpoint: USUAL_SOCKET, settings}
  const endpoint = configuredEndpoint(settings)
  if (endpoint === undefined) {
    throw new AmavisError(
      'AM_CONFIG',
      "no socket of the configuration speaks AM.PDP: set $unix_socketname, and protocol => 'AM.PDP' in the policy bank that $interface_policy{'SOCK'} names",
    )
  }
  return {endpoint, settings}
}

function readSettings(flags: SocketFlags): Settings | undefined {
  const request = requestOf(flags)
  if (request.files.length === 0) return undefined
  try {
    return usableConfiguration(request).settings
  } catch (error) {
    if (flags.config === undefined) return undefined
    throw error
  }
}
