/**
 * master — listens, hands connections to idle children, and follows wishes: stop, reload, restart.
 *
 * It parses no mail and reads no configuration file. Signals and control commands only set a wish; one
 * loop follows them one after the other. Everything that can fail for a new configuration (reading it,
 * binding its sockets, bringing its children up) happens before anything of the old one is touched.
 *
 * Diagnostics: an error here before the first child is up ends the master and is told to whoever started it.
 */
import {socketKey} from '../config/socket-spec.ts'
import {AmavisError} from '../errors.ts'
import {type OpenLog, openLog} from '../log/log-plan.ts'
import {dropPrivileges} from '../process/privileges.ts'
import {ServiceManager} from '../process/service-manager.ts'
import {answerRequest, type ReloadResult, type Standing} from './answers.ts'
import type {ChildHandle} from './child-process.ts'
import type {ControlReply} from './control.ts'
import {Door} from './door.ts'
import {Generations} from './generations.ts'
import {type Heir, raiseHeir} from './heir.ts'
import type {ReaderResult} from './messages.ts'
import type {DaemonOptions} from './options.ts'
import type {Plan} from './plan.ts'
import {Presence} from './presence.ts'
import {PressureWatch} from './pressure-watch.ts'
import {
  type GoodConfiguration,
  goodConfiguration,
  problemsOf,
  readConfiguration,
} from './read-configuration.ts'
import type {RunOptions} from './run-master.ts'
import {bringUpBus, type SupervisedBus} from './supervised-bus.ts'
import {sweepOrphans} from './sweep.ts'
import {MASTER_TITLE} from './title.ts'
import {type Wish, Wishes} from './wishes.ts'

export interface MasterOptions extends Required<RunOptions> {
  /** the configuration is being read already */
  readonly firstRead: Promise<ReaderResult>
  /** a child that waits for its orders */
  readonly prepared: ChildHandle | undefined
}

export class Master {
  readonly #options: MasterOptions
  readonly #wishes = new Wishes()
  readonly #door: Door = new Door(
    () => this.#generations.current,
    () => this.#pressure.begin(),
  )
  readonly #pressure = new PressureWatch({
    longestMs: () => this.#door.longestMs,
    tell: on => this.#generations.tellPressure(on),
  })
  readonly #generations = new Generations({
    say: (level, text) => this.#say(level, text),
    onChange: () => this.#changed(),
    onReturn: connection => this.#door.takeBack(connection),
    onEcho: (key, handle) => this.#door.keepSpare(key, handle),
  })
  readonly #presence = new Presence(request => answerRequest(request, this.#wishes, this.#standing))
  #plan: Plan | undefined
  #log: OpenLog | undefined
  #bus: SupervisedBus | undefined
  #busWanted = false
  #draining = false
  /** while draining: sessions end between two of their mails */
  #soon = false
  readonly #manager = new ServiceManager({onTrouble: text => this.#say(-1, text)})
  readonly #startedAt = Date.now()
  #reloaded: ReloadResult | undefined

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
        void this.#manager.tell({STOPPING: 1})
        this.#door.closeAllBut(new Set())
        this.#drain(true)
        return false
      case 'more':
      case 'fewer': {
        const size = this.#generations.current?.resize(wish.kind === 'more' ? +1 : -1)
        this.#say(0, `one child ${wish.kind}: ${size} from now on`)
        return false
      }
      case 'reload': {
        const reload = () => this.#unlessDraining(() => this.#reload())
        const reply = await this.#manager.reloading(reload, this.#status)
        this.#reloaded = {
          at: Date.now(),
          ok: reply.kind === 'ok',
          problems: reply.kind === 'ok' ? [] : reply.problems,
        }
        wish.done(reply)
        return false
      }
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
    const stale = inheritance ? undefined : this.#presence.claim(plan, 0, runAs)
    this.#plan = plan
    if (stale !== undefined) warnings.push(`removed a stale PID file: ${stale}`)

    this.#door.limit = plan.waitingLimit
    await this.#door.activate(this.#options.activated, plan)
    await this.#door.open(plan, runAs, inheritance?.sockets)
    if (runAs) dropPrivileges(runAs)
    process.chdir(plan.home)
    this.#log = openLog(plan.log)
    this.#say(0, `starting. amavis at ${plan.log.host} ${plan.identity.version}, ${plan.children} children`)
    this.#say(0, `listening on ${this.#door.keys.join(', ')}`)
    if (this.#door.activated.length > 0) {
      const names = this.#options.activated.map(({name}) => name).filter(Boolean)
      const unit = names.length > 0 ? ` (${names.join(', ')})` : ''
      this.#say(0, `bound by the service manager${unit}: ${this.#door.activated.join(', ')}`)
    }
    for (const warning of warnings) this.#say(-1, warning)
    if (!inheritance) await this.#presence.open(plan)

    const generation = this.#generations.make(read, this.#preparedFor(read))
    this.#generations.serveBy(generation)
    await this.#generations.bringUp(generation, inheritance ? plan.children : 1)
    // whoever starts the daemon may end when it is told so, and must not be the main process then
    if (!inheritance) await this.#manager.tell({READY: 1, STATUS: this.#status()})
    await report({kind: 'ready', pid: process.pid, sockets: this.#door.keys, warnings})
    if (inheritance) {
      await this.#options.predecessorDone()
      this.#presence.claim(plan, inheritance.pid)
      await this.#presence.open(plan)
      this.#options.tookOver()
      void this.#manager.tell({READY: 1, STATUS: this.#status()})
      for (const warning of this.#door.adjust(plan)) this.#say(-1, warning)
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
    this.#presence.close()
    this.#options.prepared?.kill('SIGKILL')
    await this.#generations.stop()
    this.#presence.leave()
    await this.#log?.close()
  }

  /** A child that began as root stays root; where the daemon has another user it is not used. */
  #preparedFor({runAs}: GoodConfiguration): ChildHandle | undefined {
    const {prepared} = this.#options
    if (!runAs) return prepared
    prepared?.kill('SIGKILL')
    return undefined
  }

  /** Something happened to a child. */
  #changed(): void {
    this.#door.serve()
    if (this.#draining) this.#drain()
    else if (this.#busWanted && this.#generations.current?.complete) this.#bringUpBus()
  }

  /** When every child is up: mail comes first. */
  #bringUpBus(): void {
    this.#busWanted = false
    const {allowRoot} = this.#options.options
    if (this.#plan) this.#bus ??= bringUpBus(this.#plan, allowRoot, (level, text) => this.#say(level, text))
  }

  get #standing(): Standing {
    return {
      options: this.#options.options,
      startedAt: this.#startedAt,
      plan: this.#plan,
      door: this.#door,
      generations: this.#generations,
      mc: this.#bus?.pid,
      reload: this.#reloaded,
    }
  }

  /** In words, after a reload or without one. */
  readonly #status = (reload?: ControlReply): string => {
    const serving = `${this.#plan?.children} children, listening on ${this.#door.keys.join(', ')}`
    return reload && reload.kind !== 'ok' ? `${serving}; reload refused: ${reload.problems[0]}` : serving
  }

  #say(level: number, text: string): void {
    this.#log?.log.write(level, text)
  }

  /** Nothing of the present configuration changes unless all of the new one can be had. */
  async #reload(): Promise<ControlReply> {
    const read = goodConfiguration(await readConfiguration({options: this.#options.options, announce: 0}))
    const {plan} = read
    const before = this.#plan
    if (!before) throw new AmavisError('AM_BUG', 'reload before the start')
    if (plan.user !== before.user) {
      throw new AmavisError('AM_DAEMON', '$daemon_user is another one now: stop and start')
    }
    const undo = await this.#door.open(plan, undefined)
    const generation = this.#generations.make(read)
    try {
      await this.#generations.bringUp(generation, plan.children)
      await this.#presence.move(before, plan)
    } catch (error) {
      undo()
      await this.#generations.giveUp(generation)
      throw error
    }
    const oldLog = this.#log
    this.#plan = plan
    this.#log = openLog(plan.log)
    await oldLog?.close()
    this.#door.limit = plan.waitingLimit
    this.#door.closeAllBut(new Set([...plan.sockets.map(socketKey), ...this.#door.activated]))
    const warnings = [...read.warnings, ...this.#door.adjust(plan)]
    this.#generations.serveBy(generation)
    // a file may have turned publishing on
    this.#busWanted = this.#options.options.bus
    this.#changed()
    this.#say(0, `reloaded: generation ${generation.number}, ${plan.children} children`)
    for (const warning of warnings) this.#say(-1, warning)
    return {kind: 'ok', warnings}
  }

  /** Serve those who wait, let every child finish, then end; called again whenever something changed. */
  #drain(soon = this.#soon): void {
    this.#draining = true
    this.#soon = soon
    if (this.#door.waiting.length > 0) return
    this.#generations.retire(soon)
    if (this.#generations.areGone) this.#wishes.push({kind: 'drained'})
  }

  async #stop(): Promise<void> {
    this.#say(0, 'shutting down')
    const told = this.#manager.tell({STOPPING: 1})
    this.#door.closeAllBut(new Set())
    this.#door.dismiss()
    this.#presence.close()
    await Promise.all([told, this.#bus?.stop(), this.#generations.stop()])
    this.#presence.leave()
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
    this.#manager.beSucceeded()
    this.#door.closeAllBut(new Set(), new Set(heir.takes))
    this.#presence.close()
    await this.#bus?.stop()
    this.#bus = undefined
    await heir.letGo()
    this.#drain()
  }
}
