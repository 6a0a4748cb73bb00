/**
 * main — one way into the program for `amavis` and every old name.
 *
 * Finds a Node that is new enough (this file is Node 18 syntax), translates an old name's command line,
 * and hands the rest to oclif. Nothing heavy is imported here.
 */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {translate} from './names.js'
import {findRuntime, OLDEST_NODE} from './runtime.js'

/** Commands whose first mail should not have to wait for oclif; see src/daemon/cli/quick-start.ts. */
const QUICK = new Set(['start', 'foreground', 'debug'])

/** Commands with a screen, and the flags that leave it one. */
const SCREENS = new Set(['nanny', 'agent', 'status', 'timing', 'dashboard'])
const SCREEN_FLAGS =
  /^--(?:connect|snmp-connect|replay|at|speed|read-only|details|control|filter|warning|critical)(?:=|$)/

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

function fail(message) {
  process.stderr.write(`amavis: ${message}\n`)
  process.exit(1)
}

/** Signals that are for the program, not for the one that only stands in front of it. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU']

/** The same command again under the Node that the lock file pins. */
async function rerun(program, args) {
  const {spawn} = await import('node:child_process')
  const found = findRuntime(root)
  if ('error' in found) fail(found.error)
  const script = path.join(root, 'bin', `${program}.js`)
  // sockets that the service manager has bound for us (sd_listen_fds(3)) go on under the same numbers
  const {LISTEN_PID, LISTEN_FDS = '0'} = process.env
  const sockets = Number(LISTEN_PID) === process.pid ? Number(LISTEN_FDS) : 0
  const stdio = Array.from({length: 3 + sockets}, (_, fd) => (fd < 3 ? 'inherit' : fd))
  const child = spawn(found.node, [script, ...args], {stdio})
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.once('error', error => fail(`cannot run ${found.node}: ${error.message}`))
  child.once('exit', (status, signal) => {
    if (!signal) process.exit(status ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/**
 * A screen takes half a second to load: keys typed meanwhile are for it, and an echo of them would shift its lines.
 * Node gives the terminal back when it exits.
 */
function takeKeys(args) {
  const isScreen = SCREENS.has(args[0]) && args.every(arg => !arg.startsWith('-') || SCREEN_FLAGS.test(arg))
  if (isScreen && process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb')
    process.stdin.setRawMode(true)
}

/**
 * Run the program.
 * @param {string} program name it was called by, without a path
 * @param {string[]} args what follows the name on the command line
 */
export async function main(program, args) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) return rerun(program, args)
  if (!existsSync(path.join(root, 'dist', 'bundle', 'commands'))) {
    fail(`not built yet; run "npm start" or "npm run build" in ${root}`)
  }
  process.stdout.on('error', error => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  // chalk and React look at these when they are imported
  if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0'
  process.env.NODE_ENV ??= 'production'

  const call = translate(program, args)
  if ('print' in call) {
    ;(call.stream === 'stderr' ? process.stderr : process.stdout).write(call.print)
    process.exitCode = call.status
    return
  }
  if (call.args.length === 1 && ['-V', '--version'].includes(call.args[0])) {
    const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    process.stdout.write(`amavis ${version}\n`)
    return
  }
  if (QUICK.has(call.args[0])) {
    const {quickStart} = await import('../dist/bundle/quick-start.js')
    const status = await quickStart(call.args)
    if (status !== undefined) process.exit(status)
  }
  if (call.args[0] === 'config' && call.args[1] === 'check') {
    const {quickCheck} = await import('../dist/bundle/quick-check.js')
    const status = quickCheck(call.args.slice(2))
    if (status !== undefined) {
      process.exitCode = status
      return
    }
  }
  if (call.args[0] === 'agent' && call.args.includes('--once')) {
    const {quickAgent} = await import('../dist/bundle/quick-agent.js')
    const status = await quickAgent(call.args.slice(1))
    if (status !== undefined) {
      process.exitCode = status
      return
    }
  }
  takeKeys(call.args)
  const {execute} = await import('@oclif/core')
  // Not awaited at the top: with a closed pipe oclif's flush never settles.
  void execute({args: call.args, dir: pathToFileURL(path.join(root, 'bin', 'amavis.js')).href})
}
