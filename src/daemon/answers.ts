/**
 * answers — what a running master replies on its control socket.
 *
 * What is to be done becomes a wish, and is answered when it has been done.
 */
import {ANVIL_PROGRAM} from '../anvil/program.ts'
import {readMcState, type ServiceState, SUPERVISOR, stateFileOf} from '../bus/mc-state.ts'
import {readPidFile} from '../process/pid-file.ts'
import type {ControlReply, ControlRequest} from './control.ts'
import type {Door} from './door.ts'
import type {ChildStatus} from './generation.ts'
import type {Generations} from './generations.ts'
import type {DaemonOptions} from './options.ts'
import type {Plan} from './plan.ts'
import {type Evidence, preservedEvidence} from './sweep.ts'
import type {Wishes} from './wishes.ts'

/** What became of the last reload; Unix time in ms. */
export interface ReloadResult {
  readonly at: number
  readonly ok: boolean
  /** why it was refused */
  readonly problems: readonly string[]
}

/** What a master knows of itself. */
export interface Standing {
  readonly options: DaemonOptions
  /** Unix time in ms */
  readonly startedAt: number
  readonly plan: Plan | undefined
  readonly door: Pick<Door, 'keys' | 'accepted' | 'waiting'>
  readonly generations: Pick<Generations, 'current' | 'status' | 'retireChild'>
  readonly reload: ReloadResult | undefined
  /** pid of the supervisor of the bus, where the master brought one up */
  readonly mc: number | undefined
}

export async function answerRequest(
  request: ControlRequest,
  wishes: Wishes,
  standing: Standing,
): Promise<ControlReply> {
  switch (request.command) {
    case 'ping':
      return identity(standing)
    case 'status':
      return {kind: 'ok', ...status(standing)}
    case 'retire':
      if (standing.generations.retireChild(request.pid)) return {kind: 'ok'}
      return {kind: 'refused', problems: [`no child has the PID ${request.pid}`]}
    case 'reload':
      return await new Promise(done => wishes.push({kind: 'reload', done}))
    case 'restart':
      return await new Promise(done => wishes.push({kind: 'restart', options: request.options, done}))
    default:
      return {kind: 'failed', problems: ['unknown command']}
  }
}

/** The answer to `status`. Times are Unix time in ms. */
export interface MasterStatus {
  readonly pid: number
  readonly startedAt: number
  /** number of the one that serves */
  readonly generation: number | undefined
  /** configuration files */
  readonly files: readonly string[] | undefined
  readonly listeners: readonly string[]
  /** connections since the beginning */
  readonly accepted: number
  readonly waiting: Door['waiting']
  readonly mc: number | undefined
  /** services of the bus, where an amavis-mc for this home runs */
  readonly services: readonly ServiceState[] | undefined
  /** amavis anvil, where it runs or our own sessions ask it */
  readonly anvil: {readonly pid: number | undefined; readonly isAsked: boolean} | undefined
  readonly children: readonly ChildStatus[]
  /** $myhostname */
  readonly name: string | undefined
  readonly version: string | undefined
  /** children that are to be there */
  readonly maximum: number | undefined
  readonly reload: ReloadResult | undefined
  /** work folders that were left for a person to look at */
  readonly evidence: readonly Evidence[]
}

function identity({options: {mode, files, instance}}: Standing): ControlReply {
  return {kind: 'ok', pid: process.pid, mode, files, instance}
}

function status({startedAt, plan, door, generations, mc, reload}: Standing): MasterStatus {
  return {
    pid: process.pid,
    startedAt,
    generation: generations.current?.number,
    files: plan?.files,
    listeners: door.keys,
    accepted: door.accepted,
    waiting: door.waiting,
    mc,
    services: plan && servicesAt(plan.home),
    anvil: plan && anvilOf(plan),
    children: generations.status(),
    name: plan?.identity.name,
    version: plan?.identity.version,
    maximum: generations.current?.size,
    reload,
    evidence: plan ? preservedEvidence(plan.tempBase) : [],
  }
}

function anvilOf({anvil: {pidFile, isAsked}}: Plan): MasterStatus['anvil'] {
  const found = readPidFile(pidFile, ANVIL_PROGRAM)
  const pid = found.kind === 'running' ? found.pid : undefined
  return pid === undefined && !isAsked ? undefined : {pid, isAsked}
}

/** As amavis-mc wrote them down last. */
function servicesAt(home: string): readonly ServiceState[] | undefined {
  const file = `${home}/amavis-mc.pid`
  const found = readPidFile(file, SUPERVISOR)
  return found.kind === 'running' ? readMcState(stateFileOf(file), found.pid)?.services : undefined
}
