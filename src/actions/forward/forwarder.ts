/**
 * forwarder — sends mail to next hops over SMTP; keeps one connection to each for the next mail.
 *
 * A kept connection is used at once up to 18 s after its last use, asked with NOOP after that, and ended
 * after 30 s of idleness or 60 s of age (spec/daemon, Session details). A kept connection that turns out
 * to be dead before anything was committed is replaced by a fresh one, once.
 *
 * Diagnostics: level 1 (-1 when not 2xx) `<mail_id> FWD from <s> -> <r>, <options> <response>`; level -1
 * `connect to … failed, attempt #n`.
 */
import type {Settings} from '../../config/settings.ts'
import {errorText, type SmtpReply} from '../../errors.ts'
import type {Recipient} from '../../message/envelope.ts'
import type {Timing} from '../../pipeline/timing.ts'
import {Connection, type Dial, TIMEOUTS, Unwelcome} from './connection.ts'
import type {Count, Delivery, Forwarder, Purpose, RecipientResult} from './delivery.ts'
import {fromRemote, misconfigured, unreachable} from './mapping.ts'
import {parseMethod, type Target} from './method.ts'
import {transact} from './transaction.ts'

const RECENT_MS = 18_000
const IDLE_MS = 30_000
const AGE_MS = 60_000
/** Methods that need not be read again for each mail. */
const PARSED_METHODS = 100
/** $smtp_connection_cache_on_demand: gaps between mails that turn the cache on and off */
const BUSY_GAP_MS = 5_000
const QUIET_GAP_MS = 15_000

export interface ForwarderDeps {
  /** $localhost_name */
  readonly heloName: string
  /** $local_client_bind_address */
  readonly localAddress: string | undefined
  /** $smtp_connection_cache_enable */
  readonly cache: boolean
  /** $smtp_connection_cache_on_demand */
  readonly cacheOnDemand: boolean
  /** ms, monotonic */
  readonly now?: () => number
  /** from 0 up to 1 */
  readonly random?: () => number
}

/** The settings that a forwarder is made with. */
export function forwarderDeps(settings: Settings): ForwarderDeps {
  return {
    heloName: settings.string('$localhost_name') ?? 'localhost',
    localAddress: settings.string('$local_client_bind_address') || undefined,
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
  readonly #onDemand: boolean
  readonly #enabled: boolean
  #caching: boolean
  #lastEnd: number | undefined
  readonly #kept = new Map<string, Connection>()
  readonly #parsed = new Map<string, readonly Target[]>()
  #sweeper: NodeJS.Timeout | undefined

  constructor({heloName, localAddress, cache, cacheOnDemand, now, random}: ForwarderDeps) {
    this.#now = now ?? (() => performance.now())
    this.#random = random ?? Math.random
    this.#dial = {heloName, localAddress, now: this.#now}
    this.#enabled = this.#caching = cache
    this.#onDemand = cacheOnDemand
  }

  /** Mails that come close together are worth a kept connection. */
  #noteGap(): void {
    if (!this.#enabled || !this.#onDemand || this.#lastEnd === undefined) return
    const gap = this.#now() - this.#lastEnd
    if (gap < BUSY_GAP_MS) this.#caching = true
    else if (gap >= QUIET_GAP_MS) this.#caching = false
  }

  async deliver(delivery: Delivery, timing: Timing): Promise<readonly RecipientResult[]> {
    const {recipients} = delivery
    this.#noteGap()
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
    let acquired = this.#recent(targets, delivery.count) ?? (await this.#acquire(targets, delivery, left))
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
      const transacted = await transact(connection, delivery, group, {timing, left, last: !this.#caching})
      if (transacted.kind === 'lost' && kept) {
        acquired = await this.#open(targets, delivery, left)
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
      if (pending.length === 0)
        this.#keep(connection, delivery.count, transacted.kind === 'done' && transacted.quit)
      else if (!connection.usable) acquired = await this.#open(targets, delivery, left)
      else acquired = {connection, kept: false}
    }
    this.#lastEnd = this.#now()
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

  /** A connection to one of these that can be used without asking. */
  #recent(targets: readonly Target[], count: Count): Acquired | undefined {
    const now = this.#now()
    for (const {label} of targets) {
      const connection = this.#kept.get(label)
      if (!connection?.usable) continue
      if (now - connection.usedAt > RECENT_MS || now - connection.openedAt > AGE_MS) continue
      this.#kept.delete(label)
      count('OutConnReuseRecent')
      return {connection, kept: true}
    }
    return undefined
  }

  async #acquire(
    targets: readonly Target[],
    delivery: Delivery,
    left: (most: number) => number,
  ): Promise<Acquired> {
    for (const target of targets) {
      const connection = await this.#probe(target, delivery.count, left)
      if (connection) return {connection, kept: true}
    }
    return await this.#open(targets, delivery, left)
  }

  /** What was kept for this target, if it is still good for something. */
  async #probe(
    target: Target,
    count: Count,
    left: (most: number) => number,
  ): Promise<Connection | undefined> {
    const connection = this.#kept.get(target.label)
    if (!connection) return undefined
    this.#kept.delete(target.label)
    if (!connection.usable) {
      connection.destroy()
      return undefined
    }
    const now = this.#now()
    const idle = now - connection.usedAt
    if (idle >= IDLE_MS || now - connection.openedAt > AGE_MS) {
      count('OutConnQuit')
      void connection.quit()
      return undefined
    }
    connection.write('NOOP\r\n')
    const answer = await connection.reply(left(TIMEOUTS.probe)).catch(() => undefined)
    if (answer && answer.code < 300) {
      count('OutConnReuseRefreshed')
      return connection
    }
    count('OutConnReuseFail')
    connection.destroy()
    return undefined
  }

  async #open(
    targets: readonly Target[],
    delivery: Delivery,
    left: (most: number) => number,
  ): Promise<Acquired> {
    const {log, count, taskId} = delivery
    let refused: RecipientResult | undefined
    for (const [n, target] of targets.entries()) {
      count('OutConnNew')
      try {
        const limit = left(Number.POSITIVE_INFINITY)
        return {connection: await Connection.open(target, this.#dial, limit), kept: false}
      } catch (error) {
        log.write(-1, `connect to ${target.label} failed, attempt #${n + 1}: ${errorText(error)}`)
        if (error instanceof Unwelcome) {
          refused = {
            ...ours(fromRemote(target, error.reply, 'fwd-connect')),
            remote: {name: target.host ?? 'localhost', text: error.reply.text},
          }
        }
      }
    }
    return {failure: refused ?? ours(unreachable(targets, taskId))}
  }

  #keep(connection: Connection, count: Count, quit: boolean): void {
    if (quit || !this.#caching || !connection.usable) {
      if (connection.usable && !quit) count('OutConnQuit')
      void connection.quit(quit)
      return
    }
    connection.usedAt = this.#now()
    const {label} = connection.target
    const other = this.#kept.get(label)
    if (other) void other.quit()
    this.#kept.set(label, connection)
    this.#sweeper ??= setTimeout(() => this.#sweep(), IDLE_MS).unref()
  }

  /** End what nobody has used for long. */
  #sweep(): void {
    this.#sweeper = undefined
    let wait = Number.POSITIVE_INFINITY
    for (const [label, connection] of this.#kept) {
      const idle = this.#now() - connection.usedAt
      if (connection.usable && idle < IDLE_MS) wait = Math.min(wait, IDLE_MS - idle)
      else {
        this.#kept.delete(label)
        void connection.quit()
      }
    }
    if (Number.isFinite(wait)) this.#sweeper = setTimeout(() => this.#sweep(), Math.ceil(wait)).unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweeper)
    this.#sweeper = undefined
    const all = [...this.#kept.values()]
    this.#kept.clear()
    await Promise.all(all.map(connection => connection.quit()))
  }
}

function ours(reply: SmtpReply): RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
}

/** Spec/monitoring, Counters: names that a transaction of this purpose counts under. */
function countNames(stem: 'OutMsgs' | 'OutMsgsSize', purpose: Purpose): readonly string[] {
  const kind = purpose === 'Relay' ? 'Relay' : 'Submit'
  const names = ['', kind, 'ProtoSMTP', `ProtoSMTP${kind}`]
  if (purpose !== kind) names.push(purpose)
  return names.map(name => stem + name)
}

const PURPOSES: readonly Purpose[] = ['Relay', 'SubmitQuar', 'SubmitDsn', 'SubmitNotif']
const BEGUN = new Map(PURPOSES.map(purpose => [purpose, countNames('OutMsgs', purpose)]))
const SIZES = new Map(PURPOSES.map(purpose => [purpose, countNames('OutMsgsSize', purpose)]))

function countTransaction(delivery: Delivery, results: readonly (RecipientResult | undefined)[]): void {
  const {head, octets, from, count, purpose} = delivery
  for (const name of BEGUN.get(purpose)!) count(name)
  let temporary = false
  let delivered = false
  for (const result of results) {
    if (result && result.reply.code >= 500) continue
    if (result && result.reply.code >= 400) temporary = true
    else delivered = true
  }
  if (delivered) {
    count('OutMsgsDelivers')
    const size = head.length + octets.size - from
    for (const name of SIZES.get(purpose)!) count(name, size)
  } else count(temporary ? 'OutMsgsAttemptFails' : 'OutMsgsRejects')
}

/** A line for each different answer. */
function logResults(
  {log, mailId, purpose, sender}: Delivery,
  options: string,
  recipients: readonly Recipient[],
  results: readonly (RecipientResult | undefined)[],
): void {
  if (!log.enabled(1) && results.every(result => result === undefined || result.reply.code < 300)) return
  const byReply = new Map<SmtpReply, string[]>()
  for (const [i, recipient] of recipients.entries()) {
    const reply = results[i]?.reply
    if (!reply || !log.enabled(reply.code < 300 ? 1 : -1)) continue
    const addresses = byReply.get(reply)
    if (addresses) addresses.push(`<${recipient.address}>`)
    else byReply.set(reply, [`<${recipient.address}>`])
  }
  const verb = purpose === 'Relay' ? 'FWD' : 'SEND'
  for (const [{code, enhanced, text}, addresses] of byReply) {
    const between = options === '' ? '' : `${options} `
    log.write(
      code < 300 ? 1 : -1,
      `${mailId} ${verb} from <${sender}> -> ${addresses.join(',')}, ${between}${code} ${enhanced} ${text}`,
    )
  }
}
