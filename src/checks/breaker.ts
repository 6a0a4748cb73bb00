/**
 * breaker — keeps mail from waiting for a scanner that is down.
 *
 * Once a scanner cannot be reached it is not asked for mail any more; instead it is tried in the background, after 1 s
 * and then less often, up to every 5 s, until it answers. A scanner that broke off in the middle of a mail is tried at
 * once, and given up only if that fails: one mail that it chokes on must not keep all others from it. The next mail
 * waits for that trial, which is shorter than to find out by itself. Where nothing can be tried beyond a connection, one
 * that hung is left alone for 30 s.
 */

export type ScannerCondition = 'ok' | 'failing' | 'open'

export interface BreakerDeps {
  /** Whether it answers. Never rejects. */
  readonly probe: () => Promise<boolean>
  /** the probe proves that it works, not only that something listens */
  readonly isProof: boolean
  /** is told of each change */
  readonly report: (condition: ScannerCondition, reason: string) => void
}

/** Unreachable: no connection; hung: silent until the deadline; broken: anything else. */
export type Breakdown = 'unreachable' | 'hung' | 'broken'

const DELAYS_MS: readonly number[] = [1000, 2000, 4000, 5000]
const HUNG_MS = 30_000

export class Breaker {
  readonly #deps: BreakerDeps
  /** undefined: it was not asked yet */
  #condition: ScannerCondition | undefined
  #reason = ''
  #tries = 0
  #timer: NodeJS.Timeout | undefined
  #trial: Promise<void> | undefined
  #isClosed = false

  constructor(deps: BreakerDeps) {
    this.#deps = deps
  }

  /** why the scanner is not to be asked; undefined: it may be */
  get obstacle(): string | undefined {
    return this.#condition === 'open' ? this.#reason : undefined
  }

  /** It broke off and is being tried: settles within the time of a probe. Undefined: it is not. */
  get trial(): Promise<void> | undefined {
    return this.#trial
  }

  /** It has answered. */
  succeeded(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#tries = 0
    this.#set('ok', '')
  }

  failed(breakdown: Breakdown, reason: string): void {
    if (this.#isClosed || this.#condition === 'open') return
    const isHung = breakdown === 'hung' && !this.#deps.isProof
    if (breakdown === 'unreachable' || isHung) {
      this.#set('open', reason)
      this.#tryAfter(isHung ? HUNG_MS : DELAYS_MS[0]!)
    } else {
      this.#set('failing', reason)
      this.#trial ??= this.#try().finally(() => {
        this.#trial = undefined
      })
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #tryAfter(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#try(), delayMs)
    this.#timer.unref()
  }

  async #try(): Promise<void> {
    const answers = await this.#deps.probe()
    if (this.#isClosed || this.#condition === 'ok') return
    if (answers) return this.succeeded()
    this.#set('open', this.#reason)
    this.#tries = Math.min(this.#tries + 1, DELAYS_MS.length - 1)
    this.#tryAfter(DELAYS_MS[this.#tries]!)
  }

  #set(condition: ScannerCondition, reason: string): void {
    const isNew = condition !== this.#condition
    this.#condition = condition
    this.#reason = reason
    if (isNew) this.#deps.report(condition, reason)
  }
}
