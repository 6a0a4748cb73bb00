/**
 * run-alone — a process as one service, without a supervisor.
 */

import {AmavisError} from '../errors.ts'
import {EXPOSURE_HELP, exposed} from './exposure.ts'
import {leaveRoot} from './leave-root.ts'
import {openMcLog} from './mc-log.ts'
import type {McPlan} from './mc-plan.ts'
import {runService, type ServiceName} from './services.ts'

/**
 * Be a service until SIGTERM or SIGINT.
 * @throws AmavisError when it cannot start
 */
export async function runAlone(name: ServiceName, plan: McPlan): Promise<void> {
  process.title = `amavis-services ${name}`
  leaveRoot(plan)
  const open = exposed(plan.endpoints, [name])
  if (open.length > 0 && !plan.endpoints.allowUnencrypted) {
    throw new AmavisError('AM_DAEMON', open.map(what => `${what}; ${EXPOSURE_HELP}`).join('\n'))
  }
  const end = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end.abort())
  process.on('SIGUSR1', () => {}) // would open Node's inspector
  const {log, close} = openMcLog(plan, 'amavis-services')
  for (const what of open) log.write(-1, `WARNING: ${what}`)
  await runService(name, {
    endpoints: plan.endpoints,
    limits: plan.limits,
    mtaQueues: plan.mtaQueues,
    recording: plan.recording,
    log,
    signal: end.signal,
  })
  await close()
}
