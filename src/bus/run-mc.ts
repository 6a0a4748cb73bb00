/**
 * run-mc — a process as amavis-mc: pid file, user, addresses, then the supervisor until a signal.
 *
 * SIGINT, SIGTERM, SIGQUIT and SIGHUP stop the services and end it.
 */
import {AmavisError} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {leavePidFile, takePidFile} from '../process/pid-file.ts'
import {leaveRoot} from './leave-root.ts'
import type {McPlan} from './mc-plan.ts'
import {removeMcState, SUPERVISOR, stateFileOf, writeMcState} from './mc-state.ts'
import {startProblems, supervise} from './supervisor.ts'

/**
 * Be the supervisor; resolves when it was told to stop and all services have ended.
 * @param stop aborted: end as by SIGTERM
 * @param ready called once, when all services are up
 * @throws AmavisError when it cannot start: AM_DAEMON for an address that is taken, a running supervisor,
 *   a pid file that cannot be written, an unknown user, or root without a user
 */
export async function runMc(plan: McPlan, log: Log, stop: AbortSignal, ready?: () => void): Promise<void> {
  process.title = SUPERVISOR.name
  // before root is given up: the usual folder is root's
  if (plan.pidFile !== undefined) takePidFile(plan.pidFile, SUPERVISOR)
  try {
    leaveRoot(plan)
    const problems = await startProblems(plan.endpoints)
    if (problems.length > 0) throw new AmavisError('AM_DAEMON', problems.join('\n'))
    const end = new AbortController()
    const onStop = () => end.abort()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, onStop)
    process.on('SIGUSR1', () => {}) // would open Node's inspector
    stop.addEventListener('abort', onStop, {once: true})
    if (stop.aborted) end.abort()
    const stateFile = plan.pidFile === undefined ? undefined : stateFileOf(plan.pidFile)
    await supervise({
      ...(stateFile !== undefined && {
        changed: services => writeMcState(stateFile, {pid: process.pid, services}),
      }),
      endpoints: plan.endpoints,
      limits: plan.limits,
      mtaQueues: plan.mtaQueues,
      recording: plan.recording,
      log,
      level: plan.level,
      signal: end.signal,
      ...(ready && {ready}),
    })
  } finally {
    if (plan.pidFile !== undefined) {
      removeMcState(stateFileOf(plan.pidFile))
      leavePidFile(plan.pidFile)
    }
  }
}
