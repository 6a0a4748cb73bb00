/**
 * daemon-options — what the options of a command line mean: each is a setting that overrides the files.
 */
import path from 'node:path'
import type {Override} from '../../config/request.ts'
import type {DaemonOptions} from '../options.ts'

/** Values by the names of flag-table.ts. */
export type FlagValues = Readonly<Record<string, unknown>>

/** What a command line asks for. Relative paths are meant from the present folder. */
export function daemonOptions(flags: FlagValues, mode: DaemonOptions['mode']): DaemonOptions {
  return {
    mode,
    files: texts(flags['config']).map(file => path.resolve(file)),
    instance: text(flags['instance']) ?? '',
    overrides: overridesOf(flags),
    user: text(flags['user']) ?? '',
    group: text(flags['group']) ?? '',
    bus: flags['mc'] !== false,
    allowRoot: flags['allow-root'] === true,
    checkOwnership: !texts(flags['magic']).includes('no_conf_file_writable_check'),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

const PATHS = {
  'pid-file': '$pid_file',
  home: '$MYHOME',
  'db-home': '$db_home',
  quarantine: '$QUARANTINEDIR',
  chroot: '$daemon_chroot_dir',
  'helpers-home': '$helpers_home',
  temp: '$TEMPBASE',
  lock: '$lock_file',
} as const

function overridesOf(flags: FlagValues): readonly Override[] {
  const overrides: Override[] = []
  const [, level, areas] = /^(-?\d+)?,?(.*)$/.exec(text(flags['debug']) ?? '') ?? []
  if (level !== undefined) overrides.push({name: '$log_level', value: level})
  if (areas) overrides.push({name: '$sa_debug', value: areas})
  if (typeof flags['servers'] === 'number') overrides.push({name: '$max_servers', value: flags['servers']})
  for (const [flag, name] of Object.entries(PATHS)) {
    const value = text(flags[flag])
    if (value !== undefined) overrides.push({name, value: value === '' ? '' : path.resolve(value)})
  }
  if (flags['port'] !== undefined) {
    // all sockets of the configuration are replaced
    overrides.push({name: '@listen_sockets', value: texts(flags['port']).filter(port => port !== '')})
    overrides.push({name: '$unix_socketname', value: ''}, {name: '$inet_socket_port', value: ''})
  }
  return overrides
}
