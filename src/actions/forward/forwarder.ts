/**
 * forwarder — sends mail to next hops over SMTP and LMTP, and has other methods loaded where they are wanted.
 *
 * A kept connection that turns out to be dead before anything was committed is replaced by a fresh one,
 * once. Recipients that the next hop wants in another transaction get one on the same connection.
 *
 * Diagnostics: level 1 (-1 when not 2xx) `<mail_id> FWD from <s> -> <r>, <options> <response>`; level -1
 * `connect to … failed, attempt #n`.
 */
import type {Settings} from '../../config/settings.ts'
import {errorText, type SmtpReply} from '../../errors.ts'
import type {Timing} from '../../log/timing.ts'
import {Connection, type Dial, Unwelcome} from './connection.ts'
import {type CacheOptions, ConnectionCache} from './connection-cache.ts'
import type {Delivery, Forwarder, RecipientResult} from './delivery.ts'
import {type HopPolicy, hopPolicy} from './hop-policy.ts'
import {fromRemote, misconfigured, unreachable} from './mapping.ts'
import {parseMethod, remoteOf, type Target} from './method.ts'
import {countTransaction, logResults} from './report.ts'
import {transact} from './transaction.ts'

const NEXT_HOP = /^[sl]mtp:/i
/** Methods that need not be read again for each mail. */
const PARSED_METHODS = 100

export interface ForwarderDeps extends CacheOptions {
  /** $localhost_name */
  readonly heloName: string
  /** ms, monotonic */
  readonly now?: () => number
  /** from 0 up to 1 */
  readonly random?: () => number
}

/** The settings that a forwarder is made with. */
export function forwarderDeps(settings: Settings): ForwarderDeps {
  return {
    heloName: settings.string('$localhost_name') ?? 'localhost',
    cache: settings.flag('$smtp_connection_cache_enable'),
    cacheOnDemand: settings.flag('$smtp_connection_cache_on_demand'),
  }
}

/** One for each child. */
export function createForwarder(deps: ForwarderDeps): Forwarder {
  return new SmtpForwarder(deps)
}

type Acquired =
  | {readonly connection: Connection; readonly kept: boolean}
  | {readonly failure: RecipientResult}

class SmtpForwarder implements Forwarder {
  readonly #dial: Dial
  readonly #now: () => number
  readonly #random: () => number
  readonly #cache: ConnectionCache
  readonly #parsed = new Map<string, readonly Target[]>()

  constructor(deps: ForwarderDeps) {
    const {heloName, now = () => performance.now(), random = Math.random} = deps
    this.#now = now
    this.#random = random
    this.#dial = {heloName, now}
    this.#cache = new ConnectionCache(deps, now)
  }

  async deliver(delivery: Delivery, timing: Timing): Promise<readonly RecipientResult[]> {
    const {recipients, method} = delivery
    if (typeof method === 'string' && !NEXT_HOP.test(method)) {
      // Few configurations have any of these.
      const {deliverHere} = await import('./other-methods.ts')
      const results = await deliverHere(delivery, method, timing)
      countTransaction(delivery, results)
      logResults(delivery, '', recipients, results)
      return results
    }
    this.#cache.begin()
    const targets = this.#targets(delivery)
    if (targets.length === 0) {
      const failure = ours(misconfigured(delivery.taskId))
      const results = recipients.map(() => failure)
      logResults(delivery, '', recipients, results)
      return results
    }
    const deadline = this.#now() + delivery.deadlineMs
    const left = (most: number) => Math.max(1, Math.min(most, deadline - this.#now()))
    const results = new Array<RecipientResult>(recipients.length)
    let pending = recipients.map((_, i) => i)
    const policy = hopPolicy(delivery.settings, delivery.purpose)
    const recent = this.#cache.recent(targets, policy.key, delivery.count)
    let acquired = recent
      ? {connection: recent, kept: true}
      : await this.#acquire(targets, policy, delivery, left)
    timing.mark('fwd-connect')
    while (pending.length > 0) {
      const group = pending.map(i => recipients[i]!)
      if ('failure' in acquired) {
        const {failure} = acquired
        delivery.count('OutMsgsAttemptFails')
        for (const i of pending) results[i] = failure
        const missed = group.map(() => failure)
        logResults(delivery, '', group, missed)
        break
      }
      const {connection, kept} = acquired
      const transacted = await transact(connection, delivery, group, {timing, left, last: !this.#cache.on})
      const isLost = transacted.kind === 'lost'
      // Who said 421 may leave it to us to close.
      if (isLost) void connection.quit()
      if (isLost && kept) {
        acquired = await this.#open(targets, policy, delivery, left)
        timing.mark('fwd-connect')
        continue
      }
      const options = transacted.kind === 'done' ? transacted.options : ''
      countTransaction(delivery, transacted.results)
      logResults(delivery, options, group, transacted.results)
      const again: number[] = []
      for (const [n, i] of pending.entries()) {
        const result = transacted.results[n]
        if (result) results[i] = result
        else again.push(i)
      }
      pending = again
      if (pending.length === 0) {
        if (!isLost) this.#cache.keep(connection, delivery.count, transacted.quit)
      } else if (isLost || !connection.usable) acquired = await this.#open(targets, policy, delivery, left)
      else acquired = {connection, kept: false}
    }
    this.#cache.end()
    return results
  }

  /** Candidates in the order to try them: any order, so that they share the load. */
  #targets({method, client, log}: Delivery): readonly Target[] {
    const known = typeof method === 'string' ? this.#parsed.get(method) : undefined
    if (known) return known
    const targets: Target[] = []
    for (const one of typeof method === 'string' ? [method] : method) {
      const target = parseMethod(one, client)
      if ('problem' in target) log.write(-1, target.problem)
      else targets.splice(Math.floor(this.#random() * (targets.length + 1)), 0, target)
    }
    const constant = typeof method === 'string' && targets.length === 1 && !method.includes('*')
    if (constant && this.#parsed.size < PARSED_METHODS) this.#parsed.set(method, targets)
    return targets
  }

  async #acquire(
    targets: readonly Target[],
    policy: HopPolicy,
    delivery: Delivery,
    left: (most: number) => number,
  ): Promise<Acquired> {
    for (const target of targets) {
      const connection = await this.#cache.probe(target, policy.key, delivery.count, left)
      if (connection) return {connection, kept: true}
    }
    return await this.#open(targets, policy, delivery, left)
  }

  async #open(
    targets: readonly Target[],
    policy: HopPolicy,
    delivery: Delivery,
    left: (most: number) => number,
  ): Promise<Acquired> {
    const {log, count, taskId} = delivery
    let refused: RecipientResult | undefined
    for (const [n, target] of targets.entries()) {
      count('OutConnNew')
      try {
        const limit = left(Number.POSITIVE_INFINITY)
        return {connection: await Connection.open(target, this.#dial, policy, limit), kept: false}
      } catch (error) {
        log.write(-1, `connect to ${target.label} failed, attempt #${n + 1}: ${errorText(error)}`)
        if (error instanceof Unwelcome) {
          refused = {
            ...ours(fromRemote(target, error.reply, 'fwd-connect')),
            remote: remoteOf(target, error.reply),
          }
        }
      }
    }
    return {failure: refused ?? ours(unreachable(targets, taskId))}
  }

  close(): Promise<void> {
    return this.#cache.close()
  }
}

function ours(reply: SmtpReply): RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
}
