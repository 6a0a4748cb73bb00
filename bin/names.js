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
  'test-config',
  'showkeys',
  'testkeys',
  'genrsa',
  'convert_keysfile',
]
const SERVICES = ['msg-forwarder', 'childproc-minder', 'snmp-responder', 'snmp-aggregator']
const VERSION = 'amavis-2.13.0 (20230106)'

/** `amavisd [options] [command]`: the command may stand anywhere, and "start" is meant when there is none. */
function daemon(args) {
  const withValue = /^-[ugcidmpLPHDQRSTX]$/
  const rest = []
  let command
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (withValue.test(arg)) rest.push(arg, ...args.slice(++i, i + 1))
    else if (command === undefined && !arg.startsWith('-')) command = arg
    else rest.push(arg)
  }
  if (rest.includes('-V')) return {print: `${VERSION}\n`, stream: 'stdout', status: 1}
  if (rest.includes('-h') || (command !== undefined && !DAEMON_COMMANDS.includes(command))) {
    const what = rest.includes('-h') ? '' : `Unknown command: ${command}\n`
    return {
      print: `${what}Usage: amavisd [options] [${DAEMON_COMMANDS.join('|')}]\n`,
      stream: 'stdout',
      status: 1,
    }
  }
  return {args: [command ?? 'start', ...rest]}
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

const NAMES = {
  amavis: args => ({args}),
  amavisd: daemon,
  'amavisd-nanny': display('nanny'),
  'amavisd-agent': display('agent'),
  'amavisd-status': display('status'),
  'amavis-status': display('status'),
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
