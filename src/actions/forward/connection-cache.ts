/**
 * connection-cache — keeps one connection to each next hop for the next mail (spec/daemon, Session details).
 *
 * Used again at once up to 18 s after its last use, asked with NOOP after that, ended with QUIT after 30 s
 * of idleness or 60 s of age. Whether to keep any follows the pace of the mails, when that is wanted.
 */

import type {Count} from '../../bus/publisher.ts'
import {type Connection, TIMEOUTS} from './connection.ts'
import type {Target} from './method.ts'

const RECENT_MS = 18_000
const IDLE_MS = 30_000
const AGE_MS = 60_000
/** $smtp_connection_cache_on_demand: gaps between mails that turn the cache on and off */
const BUSY_GAP_MS = 5_000
const QUIET_GAP_MS = 15_000

export interface CacheOptions {
  /** $smtp_connection_cache_enable */
  readonly cache: boolean
  /** $smtp_connection_cache_on_demand */
  readonly cacheOnDemand: boolean
}

export class ConnectionCache {
  readonly #options: CacheOptions
  readonly #now: () => number
  readonly #kept = new Map<string, Connection>()
  #on: boolean
  #lastEnd: number | undefined
  #sweeper: NodeJS.Timeout | undefined

  /** @param now ms, monotonic */
  constructor(options: CacheOptions, now: () => number) {
    this.#options = options
    this.#on = options.cache
    this.#now = now
  }

  /** Whether connections are kept at present. */
  get on(): boolean {
    return this.#on
  }

  /** A mail is to be sent: those that come close together are worth a kept connection. */
  begin(): void {
    const {cache, cacheOnDemand} = this.#options
    if (!cache || !cacheOnDemand || this.#lastEnd === undefined) return
    const gap = this.#now() - this.#lastEnd
    if (gap < BUSY_GAP_MS) this.#on = true
    else if (gap >= QUIET_GAP_MS) this.#on = false
  }

  /** A mail has been sent, or not. */
  end(): void {
    this.#lastEnd = this.#now()
  }

  /** A connection to one of these that can be used without asking. */
  recent(targets: readonly Target[], policyKey: string, count: Count): Connection | undefined {
    const now = this.#now()
    for (const {label} of targets) {
      const key = label + policyKey
      const connection = this.#kept.get(key)
      if (!connection?.usable) continue
      if (now - connection.usedAt > RECENT_MS || now - connection.openedAt > AGE_MS) continue
      this.#kept.delete(key)
      count('OutConnReuseRecent')
      return connection
    }
    return undefined
  }

  /** What was kept for this target, if it is still good for something; `left` shortens the usual time limit. */
  async probe(
    target: Target,
    policyKey: string,
    count: Count,
    left: (most: number) => number,
  ): Promise<Connection | undefined> {
    const key = target.label + policyKey
    const connection = this.#kept.get(key)
    if (!connection) return undefined
    this.#kept.delete(key)
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

  /** Keep it for the next mail, or end it. @param quit QUIT was said */
  keep(connection: Connection, count: Count, quit: boolean): void {
    if (quit || !this.#on || !connection.usable) {
      if (connection.usable && !quit) count('OutConnQuit')
      void connection.quit(quit)
      return
    }
    connection.usedAt = this.#now()
    const {key} = connection
    const other = this.#kept.get(key)
    if (other) void other.quit()
    this.#kept.set(key, connection)
    this.#sweeper ??= setTimeout(() => this.#sweep(), IDLE_MS).unref()
  }

  /** End what nobody has used for long. */
  #sweep(): void {
    this.#sweeper = undefined
    let wait = Number.POSITIVE_INFINITY
    for (const [key, connection] of this.#kept) {
      const idle = this.#now() - connection.usedAt
      if (connection.usable && idle < IDLE_MS) wait = Math.min(wait, IDLE_MS - idle)
      else {
        this.#kept.delete(key)
        void connection.quit()
      }
    }
    if (Number.isFinite(wait)) this.#sweeper = setTimeout(() => this.#sweep(), Math.ceil(wait)).unref()
  }

  /** End all with QUIT. */
  async close(): Promise<void> {
    clearTimeout(this.#sweeper)
    this.#sweeper = undefined
    const all = [...this.#kept.values()]
    this.#kept.clear()
    await Promise.all(all.map(connection => connection.quit()))
  }
}
