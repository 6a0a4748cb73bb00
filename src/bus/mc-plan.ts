/**
 * mc-plan — everything that a supervisor needs to know, as plain data, so that it can be handed to a
 * process of its own.
 */
import type {MinderLimits} from './minder-table.ts'
import type {RecordingPlan} from './recording/plan.ts'
import type {BusEndpoints} from './services.ts'

export interface McPlan {
  readonly endpoints: BusEndpoints
  readonly limits: MinderLimits
  /** folder of Postfix's queues; undefined: they are not counted */
  readonly mtaQueues?: string | undefined
  /** what flight-recorder keeps; undefined: it is not started */
  readonly recording?: RecordingPlan | undefined
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
