/**
 * run-mc — a process as amavis-mc: user, pid file, addresses, then the supervisor until a signal.
 *
 * SIGINT, SIGTERM, SIGQUIT and SIGHUP stop the services and end it.
 */
import {AmavisError} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {McPlan} from './mc-plan.ts'
import {removePidFile, SUPERVISOR_TITLE, writePidFile} from './pid-file.ts'
import {becomeUser, lookUpUser} from './privileges.ts'
import {startProblems, supervise} from './supervisor.ts'

/**
 * Be the supervisor; resolves when it was told to stop and all services have ended.
 * @param stop aborted: end as by SIGTERM
 * @param ready called once, when all services are up
 * @throws AmavisError when it cannot start: AM_DAEMON for an address that is taken, a running supervisor
 *   or root without a user; AM_CONFIG for an unknown user; AM_STORAGE for the pid file
 */
export async function runMc(plan: McPlan, log: Log, stop: AbortSignal, ready?: () => void): Promise<void> {
  process.title = SUPERVISOR_TITLE
  const owner = plan.user === undefined ? undefined : lookUpUser(plan.user)
  const root = process.getuid?.() === 0
  if (root && !plan.allowRoot && (owner === undefined || owner.uid === 0)) {
    throw new AmavisError(
      'AM_DAEMON',
      'will not run as root: set $daemon_user, start it as that user, or say --allow-root',
    )
  }
  // before root is given up: the usual folder is root's
  if (plan.pidFile !== undefined) writePidFile(plan.pidFile)
  const end = new AbortController()
  const onStop = () => end.abort()
  try {
    if (root && !plan.allowRoot && plan.user !== undefined && owner) becomeUser(plan.user, owner)
    const problems = await startProblems(plan.endpoints, owner)
    if (problems.length > 0) throw new AmavisError('AM_DAEMON', problems.join('\n'))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, onStop)
    process.on('SIGUSR1', () => {}) // would open Node's inspector
    stop.addEventListener('abort', onStop, {once: true})
    if (stop.aborted) end.abort()
    await supervise({
      endpoints: plan.endpoints,
      limits: plan.limits,
      log,
      level: plan.level,
      signal: end.signal,
      ...(owner && {owner}),
      ...(ready && {ready}),
    })
  } finally {
    if (plan.pidFile !== undefined) removePidFile(plan.pidFile)
  }
}
