/**
 * flags — the options that the daemon's commands share, and what they mean.
 *
 * Letters and meanings are amavisd's (spec/daemon, "Command line"); each is a setting that overrides the
 * configuration files.
 */
import path from 'node:path'
import {Flags} from '@oclif/core'
import type {Override} from '../../config/request.ts'
import type {DaemonOptions} from '../options.ts'

const text = (
  char: 'u' | 'g' | 'i' | 'd' | 'L' | 'P' | 'H' | 'D' | 'Q' | 'R' | 'S' | 'T',
  helpValue: string,
  description: string,
) => Flags.string({char, helpValue, description})

/** Which daemon is meant: enough for stop and reload. */
export const whichDaemon = {
  config: Flags.string({
    char: 'c',
    helpValue: '<file>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'configuration file, repeatable; replaces the default ones',
  }),
  instance: text('i', '<name>', 'instance name, seen by the configuration as $instance_name'),
  'pid-file': text('P', '<file>', 'PID file'),
  home: text('H', '<folder>', 'home folder, $MYHOME'),
}

export const daemonFlags = {
  ...whichDaemon,
  user: text('u', '<user>', 'become this user'),
  group: text('g', '<group>', 'become this group'),
  debug: text('d', '<level>[,<area>]', 'log level'),
  servers: Flags.integer({
    char: 'm',
    min: 1,
    helpValue: '<n>',
    description: 'number of children, $max_servers',
  }),
  port: Flags.string({
    char: 'p',
    helpValue: '<port>|<socket>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'listen here and nowhere else, repeatable',
  }),
  lock: text('L', '<file>', 'lock file; accepted without effect, the master accepts connections'),
  'db-home': text('D', '<folder>', 'database home; accepted without effect'),
  quarantine: text('Q', '<folder>', "quarantine folder; '' disables it"),
  chroot: text('R', '<folder>', "root folder; '' for none"),
  'helpers-home': text('S', '<folder>', 'home folder of helper programs'),
  temp: text('T', '<folder>', 'parent of the work folders'),
  magic: Flags.string({
    char: 'X',
    helpValue: '<tag>',
    multiple: true,
    multipleNonGreedy: true,
    options: ['no_conf_file_writable_check'],
    description: 'allow what is refused otherwise',
  }),
  mc: Flags.boolean({allowNo: true, default: true, description: 'bring up the bus, too'}),
  'allow-root': Flags.boolean({
    default: false,
    description: 'run as root, on loopback only: for demonstrations and tests',
  }),
}

export interface FlagValues {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly 'pid-file'?: string | undefined
  readonly home?: string | undefined
  readonly user?: string | undefined
  readonly group?: string | undefined
  readonly debug?: string | undefined
  readonly servers?: number | undefined
  readonly port?: readonly string[] | undefined
  readonly lock?: string | undefined
  readonly 'db-home'?: string | undefined
  readonly quarantine?: string | undefined
  readonly chroot?: string | undefined
  readonly 'helpers-home'?: string | undefined
  readonly temp?: string | undefined
  readonly magic?: readonly string[] | undefined
  readonly mc?: boolean | undefined
  readonly 'allow-root'?: boolean | undefined
}

/** What a command line asks for. Relative paths are meant from the present folder. */
export function daemonOptions(flags: FlagValues, mode: DaemonOptions['mode']): DaemonOptions {
  return {
    mode,
    files: (flags.config ?? []).map(file => path.resolve(file)),
    instance: flags.instance ?? '',
    overrides: overridesOf(flags),
    user: flags.user ?? '',
    group: flags.group ?? '',
    bus: flags.mc ?? true,
    allowRoot: flags['allow-root'] ?? false,
    checkOwnership: !flags.magic?.includes('no_conf_file_writable_check'),
  }
}

function overridesOf(flags: FlagValues): readonly Override[] {
  const overrides: Override[] = []
  const set = (name: string, value: string | number | undefined) => {
    if (value !== undefined) overrides.push({name, value})
  }
  const setPath = (name: string, value: string | undefined) =>
    set(name, value === undefined || value === '' ? value : path.resolve(value))
  set('$log_level', flags.debug === undefined ? undefined : (/^-?\d+/.exec(flags.debug)?.[0] ?? undefined))
  set('$max_servers', flags.servers)
  setPath('$pid_file', flags['pid-file'])
  setPath('$MYHOME', flags.home)
  setPath('$db_home', flags['db-home'])
  setPath('$QUARANTINEDIR', flags.quarantine)
  setPath('$daemon_chroot_dir', flags.chroot)
  setPath('$helpers_home', flags['helpers-home'])
  setPath('$TEMPBASE', flags.temp)
  setPath('$lock_file', flags.lock)
  if (flags.port) {
    // all sockets of the configuration are replaced
    overrides.push({name: '@listen_sockets', value: flags.port.filter(port => port !== '')})
    overrides.push({name: '$unix_socketname', value: ''}, {name: '$inet_socket_port', value: ''})
  }
  return overrides
}
