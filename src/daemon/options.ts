/**
 * options — what the command line asks of a daemon, as data that goes from `start` to the master.
 *
 * It travels in the environment variable AMAVIS_MASTER: a process's arguments are overwritten by its title,
 * its first environment is not, so that `stop` can tell running masters apart without any file.
 */
import type {Override} from '../config/request.ts'

export interface DaemonOptions {
  /** daemon: detached, and whoever started it waits for its word; foreground: in the place of the command */
  readonly mode: 'daemon' | 'foreground' | 'debug'
  /** absolute paths; none: the default places */
  readonly files: readonly string[]
  readonly instance: string
  readonly overrides: readonly Override[]
  /** -u and -g; '' when not given */
  readonly user: string
  readonly group: string
  /** bring up `amavis mc` where the configuration publishes on the bus */
  readonly bus: boolean
  /** go on as root where no user is configured; sockets on loopback only */
  readonly allowRoot: boolean
  /** refuse configuration files that the daemon's user could change; off by -X no_conf_file_writable_check */
  readonly checkOwnership: boolean
}

export const OPTIONS_VARIABLE = 'AMAVIS_MASTER'

/** The options in an environment; undefined where there are none or they are not ours. */
export function optionsIn(
  environment: Readonly<Record<string, string | undefined>>,
): DaemonOptions | undefined {
  const text = environment[OPTIONS_VARIABLE]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as DaemonOptions
  } catch {
    return undefined
  }
}

/** Whether two command lines mean the same daemon: the same files under the same instance name. */
export function sameDaemon(
  a: Pick<DaemonOptions, 'files' | 'instance'>,
  b: Pick<DaemonOptions, 'files' | 'instance'>,
): boolean {
  return a.instance === b.instance && JSON.stringify(a.files) === JSON.stringify(b.files)
}
