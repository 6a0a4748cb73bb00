/**
 * master — listens, hands connections to idle children, and follows wishes: stop, reload, restart.
 *
 * It parses no mail and reads no configuration file. Signals and control commands only set a wish; one
 * loop follows them one after the other. Everything that can fail for a new configuration (reading it,
 * binding its sockets, bringing its children up) happens before anything of the old one is touched.
 *
 * Diagnostics: an error here before the first child is up ends the master and is told to whoever started it.
 */
import {chownSync} from 'node:fs'
import {socketKey} from '../config/socket-spec.ts'
import {AmavisError} from '../errors.ts'
import {type OpenLog, openLog} from '../log/log-plan.ts'
import {leavePidFile, takePidFile} from '../process/pid-file.ts'
import {dropPrivileges} from '../process/privileges.ts'
import type {ChildHandle} from './child-process.ts'
import {type Control, type ControlReply, type ControlRequest, openControl} from './control.ts'
import {Door} from './door.ts'
import {Generation} from './generation.ts'
import {type Heir, raiseHeir} from './heir.ts'
import type {ReaderResult} from './messages.ts'
import type {DaemonOptions} from './options.ts'
import type {Plan} from './plan.ts'
import {
  type GoodConfiguration,
  goodConfiguration,
  problemsOf,
  readConfiguration,
} from './read-configuration.ts'
import type {RunOptions} from './run-master.ts'
import {bringUpBus, type SupervisedBus} from './supervised-bus.ts'
import {sweepOrphans} from './sweep.ts'
import {MASTER, MASTER_TITLE} from './title.ts'
import {type Wish, Wishes} from './wishes.ts'

/** Children get this long to end at a stop. */
const STOP_LIMIT_MS = 10_000
/** A new generation is up within this time, or it is given up. */
const UP_LIMIT_MS = 60_000

export interface MasterOptions extends Required<RunOptions> {
  /** the configuration is being read already */
  readonly firstRead: Promise<ReaderResult>
  /** a child that waits for its orders */
  readonly prepared: ChildHandle | undefined
}

export class Master {
  readonly #options: MasterOptions
  readonly #wishes = new Wishes()
  readonly #door = new Door(() => this.#current)
  #plan: Plan | undefined
  #log: OpenLog | undefined
  #current: Generation | undefined
  readonly #retired = new Set<Generation>()
  #control: Control | undefined
  #bus: SupervisedBus | undefined
  #busWanted = false
  #generations = 0
  #draining = false
  /** while draining: sessions end between two of their mails */
  #soon = false
  readonly #startedAt = Date.now()

  constructor(options: MasterOptions) {
    this.#options = options
  }

  /**
   * Start and follow wishes until one of them is to end.
   * @returns the exit status
   */
  async run(): Promise<number> {
    process.umask(0o027)
    this.#wishes.followSignals(reply => {
      if (reply.kind !== 'ok') this.#say(-1, `Rejecting reload: ${reply.problems.join('; ')}`)
    })
    process.on('uncaughtException', error => {
      // nobody reads a daemon's standard error; its children end with it
      this.#say(-3, `TROUBLE in the master: ${error.stack ?? error.message}`)
      process.stderr.write(`${error.stack ?? error.message}\n`)
      process.exit(1)
    })
    try {
      await this.#start()
    } catch (error) {
      await this.#abandonStart()
      await this.#options.report({kind: 'failed', problems: problemsOf(error)})
      return 1
    }
    while (!(await this.#follow(await this.#wishes.next()))) {
      // one wish after the other
    }
    return 0
  }

  /** @returns whether the master is done */
  async #follow(wish: Wish): Promise<boolean> {
    switch (wish.kind) {
      case 'stop':
      case 'drained':
        await this.#stop()
        return true
      case 'slow stop':
        this.#say(0, 'slow shutdown: finishing the connections that are open')
        this.#door.closeAllBut(new Set())
        this.#drain(true)
        return false
      case 'more':
      case 'fewer': {
        const size = this.#current?.resize(wish.kind === 'more' ? +1 : -1)
        this.#say(0, `one child ${wish.kind}: ${size} from now on`)
        return false
      }
      case 'reload':
        wish.done(await this.#unlessDraining(() => this.#reload()))
        return false
      case 'restart':
        wish.done(await this.#unlessDraining(() => this.#restart(wish.options)))
        return false
    }
  }

  async #unlessDraining(act: () => Promise<ControlReply>): Promise<ControlReply> {
    if (this.#draining) return {kind: 'failed', problems: ['the daemon is shutting down']}
    try {
      return await act()
    } catch (error) {
      return {kind: 'failed', problems: problemsOf(error)}
    }
  }

  async #start(): Promise<void> {
    const {options, inheritance, report} = this.#options
    const read = goodConfiguration(await this.#options.firstRead)
    const {plan, runAs} = read
    process.title = MASTER_TITLE
    const warnings = [...read.warnings]
    const stale = inheritance ? undefined : takePidFile(plan.pidFile, MASTER)
    this.#plan = plan
    if (stale !== undefined) warnings.push(`removed a stale PID file: ${stale}`)

    this.#door.limit = plan.waitingLimit
    await this.#door.open(plan, runAs, inheritance?.sockets)
    if (runAs) {
      // so that a successor, which is no longer root, can put its own number in
      chownSync(plan.pidFile, runAs.uid, runAs.gid)
      dropPrivileges(runAs)
    }
    process.chdir(plan.home)
    this.#log = openLog(plan.log)
    this.#say(0, `starting. amavis at ${plan.log.host} ${plan.identity.version}, ${plan.children} children`)
    this.#say(0, `listening on ${this.#door.keys.join(', ')}`)
    for (const warning of warnings) this.#say(-1, warning)
    if (!inheritance) await this.#openControl(plan)

    this.#current = this.#makeGeneration(read, this.#preparedFor(read))
    await this.#bringUp(this.#current, inheritance ? plan.children : 1)
    await report({kind: 'ready', pid: process.pid, sockets: this.#door.keys, warnings})
    if (inheritance) {
      await this.#options.predecessorDone()
      takePidFile(plan.pidFile, MASTER, {successorOf: inheritance.pid})
      await this.#openControl(plan)
      this.#options.tookOver()
    }
    for (const folder of sweepOrphans(plan.tempBase)) this.#say(1, `removed an orphaned folder ${folder}`)
    this.#busWanted = options.bus
    this.#changed()
  }

  /** A start that failed leaves nothing behind. */
  async #abandonStart(): Promise<void> {
    const {inheritance} = this.#options
    this.#door.closeAllBut(new Set(), new Set(inheritance?.sockets.map(({spec}) => socketKey(spec))))
    this.#door.dismiss()
    this.#control?.close()
    this.#options.prepared?.kill('SIGKILL')
    await this.#current?.stop(STOP_LIMIT_MS)
    if (this.#plan) leavePidFile(this.#plan.pidFile)
    await this.#log?.close()
  }

  async #openControl(plan: Plan): Promise<void> {
    this.#control = await openControl(plan.controlSocket, request => this.#answer(request))
  }

  /** A child that began as root stays root; where the daemon has another user it is not used. */
  #preparedFor({runAs}: GoodConfiguration): ChildHandle | undefined {
    const {prepared} = this.#options
    if (!runAs) return prepared
    prepared?.kill('SIGKILL')
    return undefined
  }

  #makeGeneration({plan, snapshot, runAs}: GoodConfiguration, prepared?: ChildHandle): Generation {
    return new Generation({
      number: ++this.#generations,
      plan,
      snapshot,
      uid: runAs?.uid ?? -1,
      prepared,
      say: (level, text) => this.#say(level, text),
      onChange: () => this.#changed(),
      onReturn: connection => this.#door.takeBack(connection),
      onEcho: (key, handle) => this.#door.keepSpare(key, handle),
    })
  }

  /** @throws AmavisError AM_DAEMON when its children do not come up; the generation is gone then */
  async #bringUp(generation: Generation, count: number): Promise<void> {
    let deadline: NodeJS.Timeout | undefined
    const late = new Promise<{kind: 'failed'; reason: string}>(resolve => {
      const reason = `children are not up after ${UP_LIMIT_MS / 1000} s`
      deadline = setTimeout(() => resolve({kind: 'failed', reason}), UP_LIMIT_MS)
    })
    const up = await Promise.race([generation.start(count), late])
    clearTimeout(deadline)
    if (up.kind === 'up') return
    await generation.stop(STOP_LIMIT_MS)
    throw new AmavisError('AM_DAEMON', up.reason)
  }

  /** Something happened to a child. */
  #changed(): void {
    this.#door.serve()
    if (this.#draining) this.#drain()
    else if (this.#busWanted && this.#current?.complete) this.#bringUpBus()
  }

  /** When every child is up: mail comes first. */
  #bringUpBus(): void {
    this.#busWanted = false
    const {allowRoot} = this.#options.options
    if (this.#plan) this.#bus ??= bringUpBus(this.#plan, allowRoot, (level, text) => this.#say(level, text))
  }

  #say(level: number, text: string): void {
    this.#log?.log.write(level, text)
  }

  async #answer(request: ControlRequest): Promise<ControlReply> {
    switch (request.command) {
      case 'ping':
        return this.#identity()
      case 'status':
        return this.#status()
      case 'reload':
        return await new Promise(done => this.#wishes.push({kind: 'reload', done}))
      case 'restart':
        return await new Promise(done => this.#wishes.push({kind: 'restart', options: request.options, done}))
      default:
        return {kind: 'failed', problems: ['unknown command']}
    }
  }

  #identity(): ControlReply {
    const {mode, files, instance} = this.#options.options
    return {kind: 'ok', pid: process.pid, mode, files, instance}
  }

  #status(): ControlReply {
    return {
      kind: 'ok',
      pid: process.pid,
      startedAt: this.#startedAt,
      generation: this.#current?.number,
      files: this.#plan?.files,
      listeners: this.#door.keys,
      accepted: this.#door.accepted,
      waiting: this.#door.waiting,
      waitingLimit: this.#door.limit,
      mc: this.#bus?.pid,
      children: this.#generationsAlive().flatMap(generation => generation.status()),
    }
  }

  #generationsAlive(): readonly Generation[] {
    return this.#current ? [this.#current, ...this.#retired] : [...this.#retired]
  }

  /** Nothing of the present configuration changes unless all of the new one can be had. */
  async #reload(): Promise<ControlReply> {
    const read = goodConfiguration(await readConfiguration({options: this.#options.options, announce: 0}))
    const {plan} = read
    const before = this.#plan
    if (!before || !this.#current) throw new AmavisError('AM_BUG', 'reload before the start')
    if (plan.user !== before.user) {
      throw new AmavisError('AM_DAEMON', '$daemon_user is another one now: stop and start')
    }
    const undo = await this.#door.open(plan, undefined)
    const generation = this.#makeGeneration(read)
    try {
      await this.#bringUp(generation, plan.children)
      await this.#moveFiles(before, plan)
    } catch (error) {
      undo()
      await generation.stop(STOP_LIMIT_MS)
      throw error
    }
    const old = this.#current
    const oldLog = this.#log
    this.#plan = plan
    this.#current = generation
    this.#log = openLog(plan.log)
    await oldLog?.close()
    this.#door.limit = plan.waitingLimit
    this.#door.closeAllBut(new Set(plan.sockets.map(socketKey)))
    this.#retire(old)
    // a file may have turned publishing on
    this.#busWanted = this.#options.options.bus
    this.#changed()
    this.#say(0, `reloaded: generation ${generation.number}, ${plan.children} children`)
    for (const warning of read.warnings) this.#say(-1, warning)
    return {kind: 'ok', warnings: read.warnings}
  }

  /** A new configuration may name other places for the PID file and the control socket. */
  async #moveFiles(before: Plan, after: Plan): Promise<void> {
    if (before.pidFile !== after.pidFile) {
      takePidFile(after.pidFile, MASTER)
      leavePidFile(before.pidFile)
    }
    if (before.controlSocket !== after.controlSocket) {
      const old = this.#control
      await this.#openControl(after)
      old?.close()
    }
  }

  #retire(generation: Generation, soon = false): void {
    this.#retired.add(generation)
    void generation.retire(soon).then(() => this.#retired.delete(generation))
  }

  /** Serve those who wait, let every child finish, then end; called again whenever something changed. */
  #drain(soon = this.#soon): void {
    this.#draining = true
    this.#soon = soon
    if (this.#door.waiting.length > 0) return
    if (this.#current && !this.#retired.has(this.#current)) this.#retire(this.#current, soon)
    if (this.#generationsAlive().every(generation => generation.alive === 0))
      this.#wishes.push({kind: 'drained'})
  }

  async #stop(): Promise<void> {
    this.#say(0, 'shutting down')
    this.#door.closeAllBut(new Set())
    this.#door.dismiss()
    this.#control?.close()
    await Promise.all([
      this.#bus?.stop(),
      ...this.#generationsAlive().map(generation => generation.stop(STOP_LIMIT_MS)),
    ])
    if (this.#plan) leavePidFile(this.#plan.pidFile)
    await this.#log?.close()
  }

  /**
   * Have a new master, of the program files now on disk, take over the listening sockets; then finish what
   * is open and end.
   */
  async #restart(options: DaemonOptions | undefined): Promise<ControlReply> {
    if (this.#options.options.mode !== 'daemon') {
      return {kind: 'refused', problems: ['the daemon runs in the foreground']}
    }
    const raised = await raiseHeir(options ?? this.#options.options, this.#door.descriptors)
    if (raised.kind === 'failed') return raised
    await this.#handOver(raised.heir)
    return {kind: 'ok', pid: raised.heir.pid}
  }

  async #handOver(heir: Heir): Promise<void> {
    this.#say(0, `process ${heir.pid} takes over`)
    this.#door.closeAllBut(new Set(), new Set(heir.takes))
    this.#control?.close()
    this.#control = undefined
    await this.#bus?.stop()
    this.#bus = undefined
    await heir.letGo()
    this.#drain()
  }
}
