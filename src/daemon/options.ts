/**
 * options — what a command line asks of a daemon, as data that goes from the command to the master.
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

/** What tells daemons of a machine apart: the files they were started with, and the instance name. */
export type Identity = Pick<DaemonOptions, 'files' | 'instance'>

export function sameDaemon(a: Identity, b: Identity): boolean {
  return a.instance === b.instance && JSON.stringify(a.files) === JSON.stringify(b.files)
}
