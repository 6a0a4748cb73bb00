/**
 * asked-servers — the servers of an entry of `@spam_scanners`, asked in turn until one answers.
 *
 * A breaker for each keeps mail from waiting for one that is down: it is not asked any more, and pinged in the background
 * until it answers. So a mail waits for a server that hangs, and those after it do not.
 *
 * Diagnostics: a server that failed where another one is asked next; when all are down, and when one is back.
 */
import type {Log} from '../../log/log.ts'
import {type Breakdown, Breaker, type ScannerCondition} from '../breaker.ts'
import {type Connect, type Exchanged, exchange} from './exchange.ts'
import {type Server, serverText} from './servers.ts'

/** A server, and what is to be known to ask it. */
export interface Place {
  readonly server: Server
}

export interface Protocol<P extends Place> {
  readonly largestAnswer: number
  /** a question that shows whether it works */
  readonly ping: (place: P) => Buffer
  readonly isPong: (octets: Buffer) => boolean
}

/** isUp: it works, and does not want this mail */
export interface Unanswered {
  readonly kind: 'failed'
  readonly reason: string
  readonly isUp?: boolean
  /** nobody was asked, as all of them are down */
  readonly isOpen?: boolean
}

export interface AskedServersOptions<P extends Place> {
  /** of the entry */
  readonly name: string
  readonly places: readonly P[]
  readonly connect: Connect
  readonly protocol: Protocol<P>
  /** is told of changes that no mail shows: all are down, or one is back */
  readonly report: (condition: ScannerCondition, reason: string) => void
  readonly log: Log
}

/** How long a server that was down may take to show that it is not. */
const PING_LIMIT_MS = 3000

export class AskedServers<P extends Place> {
  readonly #options: AskedServersOptions<P>
  readonly #breakers: ReadonlyMap<P, Breaker>
  /** of those that are down the ones that say so at once */
  readonly #refusing = new Set<P>()
  #areDown = false

  constructor(options: AskedServersOptions<P>) {
    this.#options = options
    this.#breakers = new Map(
      options.places.map(place => [
        place,
        new Breaker({
          probe: () => this.#ping(place),
          isProof: true,
          report: (_, reason) => this.#changed(reason),
        }),
      ]),
    )
  }

  /**
   * The first answer; each server gets half of the time that is left, the last all of it.
   * @param question what to say to a server
   * @param parse what it has said
   * @param end on the clock of `performance`
   */
  async ask<A extends {readonly kind: string}>(
    question: (place: P) => readonly Buffer[],
    parse: (octets: Buffer) => A | Unanswered,
    end: number,
    log: Log,
  ): Promise<A | Unanswered> {
    const {name, connect, protocol} = this.#options
    const asked = await this.#worthAsking()
    const isOpen = asked.every(([, {obstacle}]) => obstacle !== undefined)
    let reason = ''
    for (const [index, [place, breaker]] of asked.entries()) {
      const left = Math.max(1, end - performance.now())
      const isLast = index === asked.length - 1
      const octets = question(place)
      const where = serverText(place.server)
      const {largestAnswer} = protocol
      const said = {octets, largestAnswer, timeoutMs: isLast ? left : left / 2}
      const exchanged = await exchange(connect(place.server), said)
      if (log.enabled(5)) log.write(5, `${name} ${where} ${dialogueText(octets, exchanged)}`)
      const answer = exchanged.kind === 'octets' ? parse(exchanged.octets) : unanswered(exchanged)
      if (!isUnanswered(answer)) {
        this.#refusing.delete(place)
        breaker.succeeded()
        return answer
      }
      reason = `${where}: ${answer.reason}`
      if (exchanged.kind === 'failed' && exchanged.when === 'refused') this.#refusing.add(place)
      else this.#refusing.delete(place)
      if (answer.isUp !== true) breaker.failed(breakdownOf(exchanged), reason)
      if (!isLast) log.write(-1, `${name}: ${reason}, asking the next one`)
    }
    if (asked.length > 0) return {kind: 'failed', reason, ...(isOpen && {isOpen})}
    const [obstacle] = [...this.#breakers.values()].flatMap(breaker => breaker.obstacle ?? [])
    return {kind: 'failed', reason: `not asked until it answers again: ${obstacle}`, isOpen: true}
  }

  /**
   * Those that are not down, in their order, and then those that refused: to be refused costs nothing, and one may have
   * come back this moment. One that is being tried is waited for when no other is up.
   */
  async #worthAsking(): Promise<readonly (readonly [P, Breaker])[]> {
    const all = [...this.#breakers]
    const isUp = ({obstacle}: Breaker) => obstacle === undefined
    let up = all.filter(([, breaker]) => isUp(breaker) && breaker.trial === undefined)
    if (up.length === 0) {
      await Promise.all(all.map(([, {trial}]) => trial))
      up = all.filter(([, breaker]) => isUp(breaker))
    }
    return [...up, ...all.filter(([place, breaker]) => !isUp(breaker) && this.#refusing.has(place))]
  }

  async #ping(place: P): Promise<boolean> {
    const {connect, protocol} = this.#options
    const {largestAnswer} = protocol
    const question = {octets: [protocol.ping(place)], largestAnswer, timeoutMs: PING_LIMIT_MS}
    const exchanged = await exchange(connect(place.server), question)
    return exchanged.kind === 'octets' && protocol.isPong(exchanged.octets)
  }

  #changed(reason: string): void {
    const {name, log, report} = this.#options
    const areDown = [...this.#breakers.values()].every(({obstacle}) => obstacle !== undefined)
    if (areDown === this.#areDown) return
    this.#areDown = areDown
    if (areDown) log.write(-1, `spam scanner ${name} is down, mail does not wait for it: ${reason}`)
    else log.write(0, `spam scanner ${name} answers again`)
    report(areDown ? 'open' : 'ok', areDown ? reason : '')
  }

  close(): void {
    for (const breaker of this.#breakers.values()) breaker.close()
  }
}

function isUnanswered(answer: {readonly kind: string}): answer is Unanswered {
  return answer.kind === 'failed'
}

function unanswered(exchanged: Exclude<Exchanged, {kind: 'octets'}>): Unanswered {
  return {kind: 'failed', reason: exchanged.kind === 'hung' ? 'timed out' : exchanged.reason}
}

function breakdownOf(exchanged: Exchanged): Breakdown {
  if (exchanged.kind === 'hung') return 'hung'
  return exchanged.kind === 'failed' && exchanged.when !== 'talking' ? 'unreachable' : 'broken'
}

const LONGEST_SHOWN = 2000

/** The beginning of a question up to the mail, and of what was said to it. */
function dialogueText([head]: readonly Buffer[], exchanged: Exchanged): string {
  const heard =
    exchanged.kind === 'octets' ? exchanged.octets.toString('utf8', 0, LONGEST_SHOWN) : exchanged.kind
  return `> ${withoutSecrets(head?.toString('latin1', 0, LONGEST_SHOWN) ?? '')} < ${heard}`
}

function withoutSecrets(head: string): string {
  return head.replace(/^(Password: ).*$/gim, '$1…').trimEnd()
}
