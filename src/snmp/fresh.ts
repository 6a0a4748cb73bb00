/**
 * fresh — how long values are kept before they are fetched again, and keeping them so long.
 *
 * Source: spec/monitoring §6, "Cache". A walk asks for hundreds of variables in a row, so while questions come
 * quickly values are kept longer. Values that cannot be fetched any more are used for a while and then are none.
 */

export interface KeepOptions<T> {
  /** undefined: they cannot be had */
  readonly fetch: () => Promise<T | undefined>
  readonly keepMs: number
  /** fetching is costly: not oftener than its time allows */
  readonly costly?: boolean
  /** how long values are used that could not be fetched anew */
  readonly staleMs?: number
  readonly now?: () => number
}

const FAST_BELOW_MS = 1500
const FAST_UNTIL_MS = 4000
const FAST_MORE_MS = 4000
/** Values are fetched in at most this part of the time. */
const COST_SHARE = 8
const COSTLY_MS = 4000
const LONGEST_KEEP_MS = 20 * 60_000
const STALE_MS = 20_000
/** What failed is tried again after this time. */
const RETRY_MS = 2000

/** A function that gives the values, fetched anew where they are too old; whoever asks meanwhile waits with it. */
export function keptFresh<T>(options: KeepOptions<T>): () => Promise<T | undefined> {
  const {fetch, keepMs, costly = false, staleMs = STALE_MS, now = () => performance.now()} = options
  let values: T | undefined
  let valuesMs = 0
  let triedMs = Number.NEGATIVE_INFINITY
  let tookMs = 0
  let askedMs: number | undefined
  let sinceAskedMs: number | undefined
  let isFast = false
  let hasFailed = false
  let fetching: Promise<void> | undefined

  const refresh = async () => {
    const begun = now()
    const fetched = await fetch().catch(() => undefined)
    triedMs = now()
    tookMs = triedMs - begun
    hasFailed = fetched === undefined
    if (fetched !== undefined) {
      values = fetched
      valuesMs = triedMs
    } else if (triedMs - valuesMs > staleMs) values = undefined
  }

  return async () => {
    const nowMs = now()
    sinceAskedMs = askedMs === undefined ? undefined : nowMs - askedMs
    askedMs = nowMs
    if (sinceAskedMs !== undefined) {
      if (sinceAskedMs < FAST_BELOW_MS) isFast = true
      else if (sinceAskedMs > FAST_UNTIL_MS) isFast = false
    }
    const limit = timeToKeep({keepMs, costly, isFast, tookMs, sinceAskedMs})
    if (nowMs - triedMs > (hasFailed ? Math.min(limit, RETRY_MS) : limit)) {
      fetching ??= refresh().finally(() => (fetching = undefined))
    }
    await fetching
    return values
  }
}

/** In ms. */
export function timeToKeep(facts: {
  readonly keepMs: number
  readonly costly: boolean
  readonly isFast: boolean
  /** of the last fetch */
  readonly tookMs: number
  /** since the question before; undefined: there was none */
  readonly sinceAskedMs: number | undefined
}): number {
  const {costly, isFast, tookMs, sinceAskedMs} = facts
  let keepMs = facts.keepMs + (isFast ? FAST_MORE_MS : 0)
  if (!costly) return keepMs
  keepMs = Math.max(keepMs, COST_SHARE * tookMs)
  if (tookMs > COSTLY_MS && sinceAskedMs !== undefined) keepMs = Math.max(keepMs, 1.5 * sinceAskedMs)
  return Math.min(keepMs, LONGEST_KEEP_MS)
}
