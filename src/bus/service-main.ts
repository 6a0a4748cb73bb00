/**
 * service-main — the process of one service under amavis-mc.
 *
 * Its only argument is a ServiceOrder as JSON. The channel to the supervisor carries log entries and
 * `ready` up; when it closes, the supervisor is gone and so is this process. Imports neither oclif nor
 * anything of the daemon's.
 */

import {errorText} from '../errors.ts'
import {createLogOver} from './channel-log.ts'
import type {MinderLimits} from './minder-table.ts'
import type {RecordingPlan} from './recording/plan.ts'
import type {BusEndpoints, ServiceName} from './services.ts'
import {runService} from './services.ts'

export interface ServiceOrder {
  readonly name: ServiceName
  readonly endpoints: BusEndpoints
  readonly limits: MinderLimits
  readonly mtaQueues?: string | undefined
  readonly recording?: RecordingPlan | undefined
  readonly level: number
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as ServiceOrder
  process.title = `amavis-services ${order.name}`
  const end = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end.abort())
  // a terminal's hang-up is the supervisor's to act upon; SIGUSR1 would open Node's inspector
  for (const signal of ['SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})
  process.on('disconnect', () => end.abort())
  const log = createLogOver(process, order.level)
  try {
    await runService(order.name, {
      endpoints: order.endpoints,
      limits: order.limits,
      mtaQueues: order.mtaQueues,
      recording: order.recording,
      log,
      signal: end.signal,
      ready: () => process.connected && process.send?.({kind: 'ready'}),
    })
  } catch (error) {
    log.write(-2, errorText(error))
    process.exitCode = 1
  }
  if (process.connected) process.disconnect()
}

void main()
