/**
 * mc-plan — everything that a supervisor needs to know, as plain data, so that it can be handed to a
 * process of its own.
 */
import type {MinderLimits} from './minder-table.ts'
import type {BusEndpoints} from './services.ts'

export interface McPlan {
  readonly endpoints: BusEndpoints
  readonly limits: MinderLimits
  /** -5 to 5 */
  readonly level: number
  readonly log: 'stderr' | 'syslog'
  /** syslog's facility, in small letters */
  readonly facility: string
  readonly pidFile?: string
  /** who to become when started as root */
  readonly user?: string
  /** stay root where there is no other user to become */
  readonly allowRoot?: boolean
}

/** Where the parts of the bus meet unless something else is said (spec/monitoring §1.1). */
export function defaultEndpoints(home: string): BusEndpoints {
  return {
    inner: `ipc://${home}/amavisd-zmq.sock`,
    outer: 'tcp://127.0.0.1:23232',
    snmp: 'tcp://127.0.0.1:23233',
  }
}
