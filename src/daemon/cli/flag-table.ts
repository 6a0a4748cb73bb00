/**
 * flag-table — the options of the daemon's commands, as data.
 *
 * Letters and meanings are amavisd's (spec/daemon, "Command line"). flags.ts makes oclif's flags of it;
 * quick-start.ts reads a command line by it without loading oclif.
 */
export type FlagKind = 'text' | 'texts' | 'number' | 'switch'

export interface FlagRow {
  readonly name: string
  readonly char?: string
  readonly kind: FlagKind
  readonly value?: string
  readonly description: string
  /** the only values it takes */
  readonly options?: readonly string[]
  /** of a switch; one that is on can be turned off by --no-NAME */
  readonly default?: boolean
}

/** Which daemon is meant: enough for stop and reload. */
export const WHICH_DAEMON: readonly FlagRow[] = [
  {
    name: 'config',
    char: 'c',
    kind: 'texts',
    value: '<file>',
    description: 'configuration file, repeatable; replaces the default ones',
  },
  {
    name: 'instance',
    char: 'i',
    kind: 'text',
    value: '<name>',
    description: 'instance name, seen by the configuration as $instance_name',
  },
  {name: 'pid-file', char: 'P', kind: 'text', value: '<file>', description: 'PID file'},
  {name: 'home', char: 'H', kind: 'text', value: '<folder>', description: 'home folder, $MYHOME'},
]

export const DAEMON_FLAGS: readonly FlagRow[] = [
  ...WHICH_DAEMON,
  {name: 'user', char: 'u', kind: 'text', value: '<user>', description: 'become this user'},
  {name: 'group', char: 'g', kind: 'text', value: '<group>', description: 'become this group'},
  {
    name: 'debug',
    char: 'd',
    kind: 'text',
    value: '<level>[,<area>]',
    description: 'log level, and areas of SpamAssassin of which all is logged',
  },
  {name: 'servers', char: 'm', kind: 'number', value: '<n>', description: 'number of children, $max_servers'},
  {
    name: 'port',
    char: 'p',
    kind: 'texts',
    value: '<port>|<socket>',
    description: 'listen here and nowhere else, repeatable',
  },
  {
    name: 'lock',
    char: 'L',
    kind: 'text',
    value: '<file>',
    description: 'lock file; accepted without effect, the master accepts connections',
  },
  {
    name: 'db-home',
    char: 'D',
    kind: 'text',
    value: '<folder>',
    description: 'database home; accepted without effect',
  },
  {
    name: 'quarantine',
    char: 'Q',
    kind: 'text',
    value: '<folder>',
    description: "quarantine folder; '' disables it",
  },
  {name: 'chroot', char: 'R', kind: 'text', value: '<folder>', description: "root folder; '' for none"},
  {
    name: 'helpers-home',
    char: 'S',
    kind: 'text',
    value: '<folder>',
    description: 'home folder of helper programs',
  },
  {name: 'temp', char: 'T', kind: 'text', value: '<folder>', description: 'parent of the work folders'},
  {
    name: 'magic',
    char: 'X',
    kind: 'texts',
    value: '<tag>',
    description: 'allow what is refused otherwise',
    options: ['no_conf_file_writable_check'],
  },
  {name: 'mc', kind: 'switch', default: true, description: 'bring up the bus, too'},
  {
    name: 'allow-root',
    kind: 'switch',
    default: false,
    description: 'run as root, on loopback only: for demonstrations and tests',
  },
]
