/**
 * operate — starts, stops and looks at the milters of a configuration, by name. What `amavis milter` does.
 *
 * Source: spec/milter-control §1, §7. Messages are returned as they come, one a milter.
 */
import {constants} from 'node:os'
import {setTimeout as elapsed} from 'node:timers/promises'
import {askControlSocket} from '../process/control-socket.ts'
import {readPidFile} from '../process/pid-file.ts'
import {filesOf, type MilterReply, type MilterRequest, type MilterState, milterProgram} from './control.ts'
import type {MilterOrder, MilterPlan, Milters} from './plan.ts'
import type {MilterFinding} from './report.ts'
import {START_LIMIT_MS, startMaster} from './start-master.ts'

const LOOK_MS = 50
const ASK_LIMIT_MS = 3000
/** The listener is closed at once. */
const CLOSE_LIMIT_MS = 10_000

export interface Done {
  readonly text: string
  readonly failed?: boolean
}

export interface Site extends Milters {
  readonly order: MilterOrder
}

/** Which milters a command is about: those named, or all that `usual` says. */
export function chosen(
  {milters}: Milters,
  names: readonly string[],
  usual: (plan: MilterPlan) => boolean,
): {readonly plans: readonly MilterPlan[]; readonly unknown: readonly Done[]} {
  if (names.length === 0) return {plans: milters.filter(usual), unknown: []}
  const unknown = names.filter(name => !milters.some(plan => plan.name === name))
  return {
    plans: milters.filter(({name}) => names.includes(name)),
    unknown: unknown.map(name => ({text: `no such milter: ${name}`, failed: true})),
  }
}

/** The master that has the name now; not one that drains. */
export function runningPid({runDir}: Milters, plan: MilterPlan): number | undefined {
  return pidIn(filesOf(runDir, plan).pid, plan)
}

function drainingPid({runDir}: Milters, plan: MilterPlan): number | undefined {
  return pidIn(filesOf(runDir, plan).oldPid, plan)
}

function pidIn(file: string, {name}: MilterPlan): number | undefined {
  const found = readPidFile(file, milterProgram(name))
  return found.kind === 'running' ? found.pid : undefined
}

export async function start(site: Site, plan: MilterPlan): Promise<Done> {
  const {name, port} = plan
  const pid = runningPid(site, plan)
  if (pid !== undefined) return {text: `${name}: already running (pid ${pid})`}
  const started = await startMaster(name, site.order)
  if ('problem' in started) return {text: `${name}: not started: ${started.problem}`, failed: true}
  return {text: `${name}: started (pid ${started.pid}) on ${port}`}
}

/** @param signal as `signalOf` gives it; HUP drains */
export async function stop(site: Site, plan: MilterPlan, signal: NodeJS.Signals | 0): Promise<Done> {
  const {name} = plan
  const pid = runningPid(site, plan) ?? drainingPid(site, plan)
  if (pid === undefined) return {text: `${name}: not running`}
  try {
    process.kill(pid, signal)
  } catch (error) {
    return {text: `${name}: cannot signal process ${pid}: ${(error as Error).message}`, failed: true}
  }
  if (signal === 0) return {text: `${name}: running (pid ${pid})`}
  const isGraceful = signal === 'SIGHUP' || signal === 'SIGTERM'
  const isHard = !isGraceful
  const limitMs = isGraceful ? plan.stopTimeoutMs : plan.abortTimeoutMs + 5000
  const isGone = () => runningPid(site, plan) !== pid && drainingPid(site, plan) !== pid
  if (await comes(isGone, limitMs)) return {text: `${name}: stopped`}
  const left = await stateOf(site, plan)
  const open = left?.open ?? 0
  return {text: `${name}: stopping, ${open} connection${open === 1 ? '' : 's'} left`, failed: isHard}
}

/**
 * The old master hands its port over to a new one, so that no connection is refused, and drains. One that does not
 * answer is asked to drain by a signal; the new one then waits for the port, and for nothing else.
 */
export async function restart(site: Site, plan: MilterPlan): Promise<Done> {
  const {name, port} = plan
  const pid = runningPid(site, plan)
  if (pid === undefined) return await start(site, plan)
  const reply = await askControlSocket<MilterRequest, MilterReply>(
    filesOf(site.runDir, plan).ctl,
    {command: 'restart', order: site.order},
    {timeoutMs: START_LIMIT_MS},
  )
  if (reply?.kind === 'failed')
    return {text: `${name}: not restarted: ${reply.problems.join('; ')}`, failed: true}
  if (reply && 'successor' in reply) return {text: `${name}: started (pid ${reply.successor}) on ${port}`}
  process.kill(pid, 'SIGHUP')
  if (!(await comes(() => runningPid(site, plan) !== pid, CLOSE_LIMIT_MS)))
    return {text: `${name}: process ${pid} does not let go of its port`, failed: true}
  return await start(site, plan)
}

/** What there is to report of a milter: its master, and one that drains beside it. */
export async function look(site: Site, plan: MilterPlan): Promise<readonly MilterFinding[]> {
  const {name, enabled} = plan
  const files = filesOf(site.runDir, plan)
  const found: MilterFinding[] = []
  for (const [pid, ctl] of [
    [runningPid(site, plan), files.ctl],
    [drainingPid(site, plan), files.oldCtl],
  ] as const) {
    if (pid === undefined) continue
    const state = await ask(ctl)
    found.push(state ? {kind: 'running', state} : {kind: 'silent', name, pid})
  }
  return found.length > 0 ? found : [{kind: 'stopped', name, enabled}]
}

async function stateOf(site: Site, plan: MilterPlan): Promise<MilterState | undefined> {
  const files = filesOf(site.runDir, plan)
  return (await ask(files.oldCtl)) ?? (await ask(files.ctl))
}

async function ask(path: string): Promise<MilterState | undefined> {
  const reply = await askControlSocket<MilterRequest, MilterReply>(
    path,
    {command: 'status'},
    {timeoutMs: ASK_LIMIT_MS},
  )
  return reply?.kind === 'ok' && 'slots' in reply ? reply : undefined
}

async function comes(look: () => boolean, limitMs: number): Promise<boolean> {
  for (const endMs = performance.now() + limitMs; performance.now() < endMs; await elapsed(LOOK_MS)) {
    if (look()) return true
  }
  return look()
}

/** `-9`, `-KILL`, `-SIGKILL`, `-sigint`; undefined: there is no such signal. */
export function signalOf(word: string): NodeJS.Signals | 0 | undefined {
  const name = word.replace(/^-/, '').toUpperCase()
  if (name === '0') return 0
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === name)?.[0]
  const full = byNumber ?? (name.startsWith('SIG') ? name : `SIG${name}`)
  return full in constants.signals ? (full as NodeJS.Signals) : undefined
}
