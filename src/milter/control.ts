/**
 * control — what the master of a milter can be asked, and where it is found.
 */
import path from 'node:path'
import type {ControlFailure} from '../process/control-socket.ts'
import type {Program} from '../process/pid-file.ts'
import type {MilterOrder, MilterPlan} from './plan.ts'

export type MilterRequest =
  | {readonly command: 'status'}
  /** have another master take the port over, and drain */
  | {readonly command: 'restart'; readonly order: MilterOrder}

export interface SlotState {
  readonly index: number
  readonly pid: number | undefined
  /** MiB of address space, and in memory */
  readonly vszMib: number
  readonly rssMib: number
  /** connections of the process; of all that ever had the slot; how many those were */
  readonly connections: number
  readonly connectionsEver: number
  readonly processesEver: number
  readonly open: number
  readonly retiring: boolean
  readonly ageSeconds: number
}

export interface MilterState {
  readonly kind: 'ok'
  readonly name: string
  readonly pid: number
  readonly port: string
  readonly upSeconds: number
  readonly vszMib: number
  readonly rssMib: number
  readonly threads: number
  readonly procs: number
  /** contexts of the process that answered, and what it may have; undefined: nobody answered */
  readonly interpreters:
    | {readonly by: number; readonly contexts: number; readonly created: number}
    | undefined
  readonly connsPerProc: number
  readonly waiting: number
  readonly flags: number
  readonly pooled: boolean
  readonly draining: boolean
  /** the most slots that were ever occupied, and all there are */
  readonly highWater: number
  readonly slotCount: number
  readonly open: number
  readonly mails: number
  /** those that are or were occupied */
  readonly slots: readonly SlotState[]
}

/** The pid of the new master. */
export interface MilterRestarted {
  readonly kind: 'ok'
  readonly successor: number
}

export type MilterReply = MilterState | MilterRestarted | ControlFailure

/** spec/milter-control §4 */
export const FLAG = {unpooled: 0x1, paused: 0x2, draining: 0x4, aborting: 0x8, backingOff: 0x10} as const

export function titleOf(name: string): string {
  return `amavis-milter ${name}`
}

export function milterProgram(name: string): Program {
  return {
    name: `milter ${name}`,
    isNamedBy: line => line.startsWith(titleOf(name)) || /milter-main\.js /.test(line),
  }
}

/** Files of a milter; with `old` those of a master that drains while another has taken its place. */
export function filesOf(runDir: string, {name}: Pick<MilterPlan, 'name'>) {
  const base = path.join(runDir, name)
  return {pid: `${base}.pid`, ctl: `${base}.ctl`, oldPid: `${base}.pid.old`, oldCtl: `${base}.ctl.old`}
}
