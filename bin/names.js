/**
 * names — the old programs' names and command lines, as commands of ours.
 *
 * An old name keeps its options, its option order, its output streams and its exit status; the new names
 * follow oclif. One table, read before oclif sees anything.
 */

const DAEMON_COMMANDS = [
  'start',
  'stop',
  'restart',
  'reload',
  'foreground',
  'debug',
  'debug-sa',
  'showkeys',
  'testkeys',
  'genrsa',
  'convert_keysfile',
  'test-config',
]
/** Options that matter to a command which only talks to a daemon; the others are accepted without effect. */
const WHICH_DAEMON = ['-c', '-i', '-P', '-H']
const KEPT_OPTIONS = {
  stop: WHICH_DAEMON,
  reload: WHICH_DAEMON,
  showkeys: ['-c', '-i'],
  testkeys: ['-c', '-i'],
  genrsa: [],
  convert_keysfile: [],
}
/** Commands that take more words: how many they need, and may have. */
const WORDS = {showkeys: [0, Infinity], testkeys: [0, Infinity], genrsa: [1, 2], convert_keysfile: [1, 1]}
const SERVICES = ['msg-forwarder', 'childproc-minder', 'snmp-responder', 'snmp-aggregator', 'flight-recorder']
const VERSION = 'amavis-2.13.0 (20230106)'

function daemonUsage(problem) {
  const commands = DAEMON_COMMANDS.join('|')
  const options = '[-u user] [-g group] [-c file]... [-i instance] [-d level,area] [-m max_servers]'
  const paths = '[-p port|socket]... [-P pid_file] [-L lock_file] [-H home] [-D db_home] [-Q quarantine]'
  const rest = '[-R chroot] [-S helpers_home] [-T tempbase] [-X tag]'
  const text = `${problem}Usage: amavisd ${options}\n  ${paths}\n  ${rest} [${commands}]\n       amavisd (-h | -V)\n`
  return {print: text, stream: 'stdout', status: 1}
}

/** `amavisd [options] [command]`: the command may stand anywhere, and "start" is meant when there is none. */
function daemon(args) {
  const withValue = /^-[ugcidmpLPHDQRSTX]$/
  const options = []
  const words = []
  let command
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === '-V') return {print: `${VERSION}\n`, stream: 'stdout', status: 1}
    if (arg === '-h') return daemonUsage('')
    if (withValue.test(arg)) {
      const value = args[++i]
      if (value === undefined) return daemonUsage(`Missing value for option: ${arg}\n`)
      if (arg === '-m' && !/^[1-9]\d*$/.test(value)) return daemonUsage(`Not a number: -m ${value}\n`)
      if (arg === '-X' && value !== 'no_conf_file_writable_check')
        return daemonUsage(`Unknown tag: -X ${value}\n`)
      options.push([arg, value])
    } else if (arg.startsWith('-')) return daemonUsage(`Unknown option: ${arg}\n`)
    else if (command === undefined) command = arg
    else if (words.length >= (WORDS[command]?.[1] ?? 0)) return daemonUsage(`Unexpected argument: ${arg}\n`)
    else words.push(arg)
  }
  command ??= 'start'
  if (!DAEMON_COMMANDS.includes(command)) return daemonUsage(`Unknown command: ${command}\n`)
  if (words.length < (WORDS[command]?.[0] ?? 0)) return daemonUsage(`Missing file name: ${command}\n`)
  const [, bits] = words
  if (command === 'genrsa' && bits !== undefined && !isKeySize(bits))
    return daemonUsage(`Not a key size, 512 to 4096 bits: ${bits}\n`)
  const kept = options.filter(([option]) => KEPT_OPTIONS[command]?.includes(option) ?? true)
  return {args: [command, ...words, ...kept.flat()]}
}

function isKeySize(text) {
  return /^\d{3,4}$/.test(text) && text >= 512 && text <= 4096
}

/** A display reads its old command line itself: what stands after `--` (src/tui/classic-options.ts). */
const display = command => args => ({args: [command, '--classic', '--', ...args]})

function supervisor(args) {
  if (args.includes('-h'))
    return {
      print: 'Usage: amavis-mc (-h | -V | [-f] [-P pid_file] [-d log_level])\n',
      stream: 'stderr',
      status: 255,
    }
  if (args.includes('-V')) return {print: 'amavis-mc\n', stream: 'stderr', status: 255}
  return {args: ['mc', ...args.filter(arg => arg !== '--')]}
}

function services(args) {
  const task = args.find(arg => SERVICES.includes(arg))
  if (!task)
    return {
      print: `Usage: amavis-services [-f] [-d log_level] (${SERVICES.slice(0, 3).join('|')})\n`,
      stream: 'stderr',
      status: 1,
    }
  return {args: ['services', task, ...args.filter(arg => arg !== task)]}
}

/** `--replay` may stand without a value; oclif knows no such options. */
function own(args) {
  const isBare = (arg, next) => arg === '--replay' && (next === undefined || next.startsWith('-'))
  return {args: args.map((arg, n) => (isBare(arg, args[n + 1]) ? '--replay=' : arg))}
}

/** Its two programs had the same options, but for the folder of a database that ours has no use for. */
function subagent(args) {
  const usage = '(-h | -V | [-f] [-P pid_file] [-d log_level] [-D db_home])'
  if (args.includes('-h'))
    return {print: `Usage: amavisd-snmp-subagent ${usage}\n`, stream: 'stderr', status: 255}
  if (args.includes('-V')) return {print: 'amavisd-snmp-subagent\n', stream: 'stderr', status: 255}
  const kept = args.filter((arg, n) => arg !== '-D' && args[n - 1] !== '-D' && arg !== '--')
  return {args: ['snmp-subagent', ...kept]}
}

/** Its words are mail files, secrets and addresses, none is an option. */
const release = kind => args => ({args: ['release', '--classic', '--as', kind, '--', ...args]})

const NAMES = {
  amavis: own,
  amavisd: daemon,
  'amavisd-nanny': display('nanny'),
  'amavisd-agent': display('agent'),
  'amavisd-status': display('status'),
  'amavis-status': display('status'),
  'amavisd-snmp-subagent': subagent,
  'amavisd-snmp-subagent-zmq': subagent,
  'amavisd-release': release('release'),
  'amavisd-requeue': release('requeue'),
  'amavisd-report': release('report'),
  'amavisd-submit': args => ({args: ['submit', '--classic', '--', ...args]}),
  'amavis-mc': supervisor,
  'amavis-services': services,
  'amavis-service': services,
}

/**
 * @param {string} program one of the names above
 * @param {string[]} args its command line
 * @returns {{args: string[]} | {print: string, stream: 'stdout' | 'stderr', status: number}} what to give to oclif, or what to say at once
 */
export function translate(program, args) {
  return (NAMES[program] ?? NAMES.amavis)(args)
}
