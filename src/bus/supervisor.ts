/**
 * supervisor — amavis-mc: starts the services, and starts again what ends.
 *
 * A service is a child process with a channel to us; when we are gone the channel closes and it ends, so
 * that nothing is ever left over, whatever killed us. Source: spec/monitoring §2.1; differences: restarts
 * never end (restart-delay.ts), and a taken address is found before anything is started.
 *
 * Diagnostics: starts, ends and stops at level 0, an end with an error at -1; the services' own entries
 * with their name and pid before them.
 */
import {type ChildProcess, fork} from 'node:child_process'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {entryFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'
import {bindProblem} from './bind.ts'
import type {ServiceMessage} from './channel-log.ts'
import {readKeyFile, splitEndpoint} from './curve.ts'
import {EXPOSURE_HELP, exposed} from './exposure.ts'
import type {ServiceState} from './mc-state.ts'
import type {MinderLimits} from './minder-table.ts'
import type {RecordingPlan} from './recording/plan.ts'
import {restartDelay} from './restart-delay.ts'
import type {ServiceOrder} from './service-main.ts'
import {type BusEndpoints, boundBy, SERVICES, type ServiceName, servicesFor} from './services.ts'

const KILL_AFTER_MS = 10_000

export interface SupervisorOptions {
  readonly endpoints: BusEndpoints
  readonly limits: MinderLimits
  readonly mtaQueues?: string | undefined
  readonly recording?: RecordingPlan | undefined
  readonly log: Log
  /** log level of the services */
  readonly level: number
  /** aborted: stop the services and return */
  readonly signal: AbortSignal
  /** called once, when all services have bound and connected their sockets */
  readonly ready?: () => void
  /** called with the state of all services whenever one of them changes */
  readonly changed?: (services: readonly ServiceState[]) => void
  /** makes the process of a service */
  readonly start?: (order: ServiceOrder) => ChildProcess
}

/**
 * Why the services cannot be started: one text for each address that cannot be bound, naming the service,
 * the address and what to do.
 */
export async function startProblems(endpoints: BusEndpoints): Promise<readonly string[]> {
  const problems = endpoints.allowUnencrypted
    ? []
    : exposed(endpoints).map(what => `${what}; ${EXPOSURE_HELP}`)
  for (const name of SERVICES) {
    for (const {endpoint, flag, setting} of boundBy(name, endpoints)) {
      const problem = keyProblem(endpoint) ?? (await bindProblem(splitEndpoint(endpoint).address))
      if (problem) problems.push(`${name} cannot use ${endpoint} (${setting}, ${flag}): ${problem}`)
    }
  }
  return problems
}

function keyProblem(endpoint: string): string | undefined {
  const {keyFile} = splitEndpoint(endpoint)
  try {
    if (keyFile !== undefined) readKeyFile(keyFile)
    return undefined
  } catch (error) {
    return errorText(error)
  }
}

/** Keep the services up until the signal is aborted; resolves when all of them have ended. */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const {log, signal} = options
  for (const what of exposed(options.endpoints)) log.write(-1, `WARNING: ${what}`)
  const names = servicesFor(options)
  const unready = new Set<ServiceName>(names)
  const onReady = (name: ServiceName) => {
    if (unready.delete(name) && unready.size === 0) options.ready?.()
  }
  const onChange = () => options.changed?.(services.map(service => service.state))
  const services: readonly Supervised[] = names.map(name => new Supervised(name, options, onReady, onChange))
  for (const service of services) service.start()
  if (!signal.aborted) {
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), {once: true}))
  }
  log.write(0, 'Supervisor shutting down')
  await Promise.all(services.map(service => service.stop()))
  log.write(0, 'Supervisor exiting')
}

class Supervised {
  readonly #name: ServiceName
  readonly #options: SupervisorOptions
  readonly #onReady: (name: ServiceName) => void
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #delayMs = 0
  #stopping: (() => void) | undefined
  readonly #onChange: () => void
  #starts = 0
  #startedMs: number | undefined
  #lastEnd: string | undefined
  #nextStartMs: number | undefined

  constructor(
    name: ServiceName,
    options: SupervisorOptions,
    onReady: (name: ServiceName) => void,
    onChange: () => void,
  ) {
    this.#name = name
    this.#options = options
    this.#onReady = onReady
    this.#onChange = onChange
  }

  get state(): ServiceState {
    return {
      name: this.#name,
      pid: this.#child?.pid,
      startedMs: this.#startedMs,
      restarts: Math.max(0, this.#starts - 1),
      lastEnd: this.#lastEnd,
      nextStartMs: this.#nextStartMs,
    }
  }

  start(): void {
    const {log, endpoints, limits, level, mtaQueues, recording} = this.#options
    const start = this.#options.start ?? forkService
    const begun = performance.now()
    const child = startProcess(() =>
      start({name: this.#name, endpoints, limits, level, mtaQueues, recording}),
    )
    this.#starts++
    this.#startedMs = Date.now()
    this.#nextStartMs = undefined
    if (typeof child === 'string') {
      log.write(-1, `${this.#name} cannot be started: ${child}`)
      this.#lastEnd = child
      this.#ended(0)
      return
    }
    this.#child = child
    this.#onChange()
    if (child.pid !== undefined) log.write(0, `Process [${child.pid}] started: ${this.#name}`)
    child.on('message', message => this.#hear(child, message as ServiceMessage))
    child.stderr?.setEncoding('utf8').on('data', text => this.#complain(child, text))
    let ended = false
    const end = (how: string, failed: boolean) => {
      if (ended) return
      ended = true
      const upMs = performance.now() - begun
      const after = `after ${(upMs / 1000).toFixed(1)} s: ${this.#name}`
      log.write(failed ? -1 : 0, `Process [${child.pid ?? '-'}] exited (${how}) ${after}`)
      this.#lastEnd = how
      this.#ended(upMs)
    }
    child.once('error', error => end(error.message, true))
    child.once('exit', (code, signal) =>
      end(signal === null ? `exit ${code}` : `killed by ${signal}`, code !== 0),
    )
  }

  /** SIGTERM, after ten seconds SIGKILL; resolves when the process has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    const child = this.#child
    if (child === undefined) {
      this.#stopping = () => {}
      return
    }
    await new Promise<void>(resolve => {
      this.#stopping = resolve
      this.#options.log.write(0, `Terminating process [${child.pid}] (${this.#name})`)
      child.kill('SIGTERM')
      this.#timer = setTimeout(() => {
        this.#options.log.write(0, `Killing process [${child.pid}] (${this.#name})`)
        child.kill('SIGKILL')
      }, KILL_AFTER_MS)
    })
    clearTimeout(this.#timer)
  }

  #ended(upMs: number): void {
    this.#child = undefined
    if (this.#stopping) {
      this.#stopping()
      return
    }
    this.#delayMs = restartDelay(this.#delayMs, upMs)
    this.#options.log.write(1, `${this.#name} starts again in ${this.#delayMs / 1000} s`)
    this.#timer = setTimeout(() => this.start(), this.#delayMs)
    this.#nextStartMs = Date.now() + this.#delayMs
    this.#onChange()
  }

  #hear(child: ChildProcess, message: ServiceMessage): void {
    if (message.kind === 'ready') this.#onReady(this.#name)
    else this.#options.log.write(message.level, `${this.#name}[${child.pid}]: ${message.text}`)
  }

  /** What a service writes to standard error is Node's: a stack, a warning. */
  #complain(child: ChildProcess, text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() !== '') this.#options.log.write(-1, `${this.#name}[${child.pid}]: ${line}`)
    }
  }
}

function forkService(order: ServiceOrder): ChildProcess {
  return fork(entryFile('service-main'), [JSON.stringify(order)], {
    execArgv: ['--max-semi-space-size=1'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}
