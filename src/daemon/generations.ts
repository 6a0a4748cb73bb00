/**
 * generations — the one that serves now and those that finish what they hold.
 */
import {AmavisError} from '../errors.ts'
import type {ChildHandle} from './child-process.ts'
import {type ChildStatus, Generation, type GenerationOptions} from './generation.ts'
import type {GoodConfiguration} from './read-configuration.ts'

/** Children get this long to end at a stop. */
const STOP_LIMIT_MS = 10_000
/** A new generation is up within this time, or it is given up. */
const UP_LIMIT_MS = 60_000

export type Surroundings = Pick<GenerationOptions, 'say' | 'onChange' | 'onReturn' | 'onEcho'>

export class Generations {
  readonly #surroundings: Surroundings
  readonly #retired = new Set<Generation>()
  #current: Generation | undefined
  #made = 0

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** Whose children get the next connection. */
  get current(): Generation | undefined {
    return this.#current
  }

  /** No child is left, nor will there be one. */
  get areGone(): boolean {
    return this.#all().every(generation => generation.alive === 0)
  }

  status(): readonly ChildStatus[] {
    return this.#all().flatMap(generation => generation.status())
  }

  /** The next one, without a child yet; `prepared` is to be its first. */
  make({plan, snapshot, runAs}: GoodConfiguration, prepared?: ChildHandle): Generation {
    return new Generation({
      ...this.#surroundings,
      number: ++this.#made,
      plan,
      snapshot,
      uid: runAs?.uid ?? -1,
      prepared,
    })
  }

  /**
   * Start its children and wait until `count` of them are up; where another one serves meanwhile, also until its
   * SpamAssassin is.
   * @throws AmavisError AM_DAEMON when they do not come up; the generation is gone then
   */
  async bringUp(generation: Generation, count: number): Promise<void> {
    let deadline: NodeJS.Timeout | undefined
    const late = new Promise<{kind: 'failed'; reason: string}>(resolve => {
      const reason = `children are not up after ${UP_LIMIT_MS / 1000} s`
      deadline = setTimeout(() => resolve({kind: 'failed', reason}), UP_LIMIT_MS)
    })
    const up = await Promise.race([generation.start(count), late])
    if (up.kind === 'up' && generation !== this.#current) await Promise.race([generation.prepared(), late])
    clearTimeout(deadline)
    if (up.kind === 'up') return
    await this.giveUp(generation)
    throw new AmavisError('AM_DAEMON', up.reason)
  }

  /** End one that does not serve. */
  async giveUp(generation: Generation): Promise<void> {
    await generation.stop(STOP_LIMIT_MS)
  }

  /** This one serves from now on; the one before finishes what it holds. */
  serveBy(generation: Generation): void {
    const before = this.#current
    this.#current = generation
    if (before) this.#retire(before, false)
  }

  /** Let every child finish; `soon`: between two of its session's mails. Nothing serves any more. */
  retire(soon: boolean): void {
    if (this.#current && !this.#retired.has(this.#current)) this.#retire(this.#current, soon)
  }

  /** Whether connections wait for a child. */
  tellPressure(on: boolean): void {
    for (const generation of this.#all()) generation.tellPressure(on)
  }

  /** Let one child finish the mail it has, and end. @returns whether there is such a child */
  retireChild(pid: number): boolean {
    return this.#all().some(generation => generation.retireChild(pid))
  }

  #retire(generation: Generation, soon: boolean): void {
    this.#retired.add(generation)
    void generation.retire(soon).then(() => this.#retired.delete(generation))
  }

  /** End all of them, whatever they hold. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map(generation => generation.stop(STOP_LIMIT_MS)))
  }

  #all(): readonly Generation[] {
    return [...new Set([...(this.#current ? [this.#current] : []), ...this.#retired])]
  }
}
