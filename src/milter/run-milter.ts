/**
 * run-milter — a process as the master of one milter: binds, keeps the pool, ends as it is told.
 *
 * HUP and TERM drain: no more connections, and each that is open runs to its own end, however long its SMTP client
 * takes, as nothing in the protocol lets us take leave. Meanwhile another master may have our place. INT aborts.
 * Nothing is reloaded: a restart applies a new configuration. Source: spec/milter-control §2, §7.
 */
import {mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import v8 from 'node:v8'
import {leaveRoot} from '../bus/leave-root.ts'
import {spamHelperPlan} from '../checks/spam/spamassassin/helper-plan.ts'
import {SpamHelper} from '../daemon/spam-helper.ts'
import {AmavisError, errorText} from '../errors.ts'
import {logPlan, openLog} from '../log/log-plan.ts'
import {type Control, openControlSocket} from '../process/control-socket.ts'
import {leavePidFile, takePidFile} from '../process/pid-file.ts'
import {findUser} from '../process/privileges.ts'
import {
  FLAG,
  filesOf,
  type MilterReply,
  type MilterRequest,
  type MilterState,
  milterProgram,
  type SlotState,
  titleOf,
} from './control.ts'
import {type MilterOrder, type MilterPlan, readMilters} from './plan.ts'
import {Pool} from './pool.ts'
import type {Slot} from './slots.ts'
import {INHERITED_FD, startMaster} from './start-master.ts'

/**
 * Be the master; resolves when it has ended.
 * @param predecessor pid of the master whose port is inherited; 0: none
 * @param ready called once it listens and its first process is ready
 * @throws AmavisError AM_CONFIG or AM_DAEMON when it cannot start
 */
export async function runMilter(
  name: string,
  order: MilterOrder,
  predecessor: number,
  ready: () => void,
): Promise<void> {
  process.title = titleOf(name)
  const {milters, runDir, settings, snapshot} = readMilters(order)
  const plan = milters.find(milter => milter.name === name)
  if (!plan) throw new AmavisError('AM_CONFIG', `no such milter: ${name}`)
  const user = settings.string('$daemon_user') ?? ''
  const runAs = process.getuid?.() === 0 && user !== '' ? findUser(user) : undefined
  mkdirSync(runDir, {recursive: true, mode: 0o750})
  const files = filesOf(runDir, plan)
  const program = milterProgram(name)
  if (predecessor === 0) takePidFile(files.pid, program)
  const log = openLog({...logPlan(settings), program: titleOf(name)})
  const spam = spamHelperPlan(settings)
  let helper: SpamHelper | undefined
  let pidFile = predecessor === 0 ? files.pid : ''
  try {
    const orders = {
      name,
      snapshot: v8.serialize(snapshot),
      banks: plan.banks,
      manners: plan.manners,
      log: logPlan(settings),
      spamHelper: undefined as string | undefined,
      path: settings.string('$path') ?? '',
    }
    const pool = new Pool(plan, orders, log.log)
    await pool.listen(runAs, predecessor === 0 ? undefined : INHERITED_FD)
    leaveRoot({user, allowRoot: order.allowRoot})
    if (spam) {
      helper = new SpamHelper({
        plan: spam,
        base: settings.string('$TEMPBASE') ?? '',
        path: orders.path,
        say: (level, text) => log.log.write(level, text),
      })
      await helper.settled
      orders.spamHelper = helper.socketPath
    }
    const ending = {isDraining: false, isAborting: false}
    const startedAt = performance.now()
    let drainFor = (_successor: number): void => {}
    const answer = async (request: MilterRequest): Promise<MilterReply> => {
      if (request.command === 'status') return await stateOf(plan, pool, ending, startedAt)
      const descriptor = pool.descriptor
      if (descriptor === undefined) return {kind: 'failed', problems: ['the port is closed already']}
      const started = await startMaster(name, request.order, {pid: process.pid, descriptor})
      if ('problem' in started) return {kind: 'failed', problems: [started.problem]}
      drainFor(started.pid)
      return {kind: 'ok', successor: started.pid}
    }
    await pool.begin()
    if (predecessor !== 0) takePidFile(files.pid, program, {successorOf: predecessor})
    pidFile = files.pid
    let control = await controlSocket(files.ctl, answer)
    const over = new Promise<void>(resolve => {
      const drain = async (successor = 0) => {
        if (ending.isDraining || ending.isAborting) return
        ending.isDraining = true
        log.log.write(0, `no more connections; ${pool.slots.open} are open`)
        const drained = pool.drain(successor !== 0)
        // From now on the name is another master's, or free for one.
        pidFile = files.oldPid
        if (successor === 0) renameSync(files.pid, files.oldPid)
        else writeFileSync(files.oldPid, `${process.pid}\n`, {mode: 0o640})
        control.close()
        if (successor === 0) rmSync(files.ctl, {force: true})
        control = await controlSocket(files.oldCtl, answer)
        await drained
        resolve()
      }
      drainFor = successor => void drain(successor)
      const abort = async () => {
        if (ending.isAborting) return
        ending.isAborting = true
        log.log.write(0, `aborting ${pool.slots.open} connections`)
        await pool.abort()
        resolve()
      }
      process.on('SIGHUP', () => void drain())
      process.on('SIGTERM', () => void drain())
      process.on('SIGINT', () => void abort())
      process.on('SIGQUIT', () => void abort())
      process.on('SIGUSR1', () => {})
    })
    log.log.write(0, `listening on ${plan.port}`)
    ready()
    await over
    control.close()
    rmSync(ending.isDraining ? files.oldCtl : files.ctl, {force: true})
  } finally {
    helper?.stop()
    if (pidFile !== '') leavePidFile(pidFile)
    await log.close()
  }
}

/** Bound under a name of its own: closing it removes that name, and not the path that is another's by then. */
async function controlSocket(
  path: string,
  answer: (request: MilterRequest) => Promise<MilterReply>,
): Promise<Control> {
  const own = `${path}.${process.pid}`
  const control = await openControlSocket<MilterRequest, MilterReply>(own, answer)
  renameSync(own, path)
  return control
}

async function stateOf(
  plan: MilterPlan,
  pool: Pool,
  {isDraining, isAborting}: {isDraining: boolean; isAborting: boolean},
  startedAt: number,
): Promise<MilterState> {
  const {slots} = pool
  const own = memoryOf(process.pid)
  const pooled = plan.maxProcs > 0
  const interpreters = await pool.ping()
  return {
    kind: 'ok',
    name: plan.name,
    pid: process.pid,
    port: plan.port,
    upSeconds: Math.floor((performance.now() - startedAt) / 1000),
    ...own,
    procs: slots.all.filter(({occupant}) => occupant !== undefined).length,
    interpreters: interpreters && {
      by: interpreters.pid,
      contexts: interpreters.contexts,
      created: interpreters.created,
    },
    connsPerProc: plan.connsPerProc,
    waiting: pool.waiting,
    flags:
      (pooled ? 0 : FLAG.unpooled) |
      (pool.isPaused ? FLAG.paused : 0) |
      (isDraining ? FLAG.draining : 0) |
      (isAborting ? FLAG.aborting : 0) |
      (pool.isBackingOff ? FLAG.backingOff : 0),
    pooled,
    draining: isDraining,
    highWater: slots.highWater,
    slotCount: slots.all.length,
    open: slots.open,
    mails: pool.mails,
    slots: slots.all.filter(({processesEver}) => processesEver > 0).map(slotState),
  }
}

function slotState({index, occupant, connectionsEver, processesEver}: Slot): SlotState {
  const {vszMib, rssMib} = occupant ? memoryOf(occupant.pid) : {vszMib: 0, rssMib: 0}
  return {
    index,
    pid: occupant?.pid,
    vszMib,
    rssMib,
    connections: occupant?.connections ?? 0,
    connectionsEver,
    processesEver,
    open: occupant?.open ?? 0,
    retiring: occupant?.phase === 'retiring',
    ageSeconds: occupant ? Math.floor((performance.now() - occupant.bornAt) / 1000) : 0,
  }
}

function memoryOf(pid: number): {vszMib: number; rssMib: number; threads: number} {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1')
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    return {vszMib: number('VmSize') / 1024, rssMib: number('VmRSS') / 1024, threads: number('Threads')}
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new Error(errorText(error), {cause: error})
    return {vszMib: 0, rssMib: 0, threads: 0}
  }
}
