/**
 * ask-daemon — a scanner that is a daemon: asks at its sockets in turn, the one that answered last at first.
 *
 * Each socket is asked once and nothing is slept on. A breaker keeps mail from waiting for one that is down. A clamd
 * gets octets over its socket; where it refuses those (StreamMaxLength) and sees our files, its query is sent as it is
 * written. Source: spec/daemon, ask_daemon.
 */
import type net from 'node:net'
import {AmavisError, errorText} from '../../../errors.ts'
import {type Breakdown, Breaker, type ScannerCondition} from '../../breaker.ts'
import {combineAnswers, failed, type ScannerAnswer} from '../answer.ts'
import type {DaemonEntry} from '../entries.ts'
import {readOutput} from '../reading.ts'
import type {Ask, ScanSubject} from '../scanner.ts'
import {askClamd, type ClamdTimes, NO_PONG, ping} from './clamd.ts'
import {type DaemonLine, Dialogue} from './dialogue.ts'
import {type Connect, connectTo, type Endpoint, endpointText, openSocket, seesOurFiles} from './endpoint.ts'
import {askSavapi} from './savapi.ts'
import {askSimple, queriesFor} from './simple.ts'
import {askSmtp} from './smtp.ts'
import {askSssp} from './sssp.ts'

export interface DaemonDeps {
  readonly report: (condition: ScannerCondition, reason: string) => void
  readonly connect?: Connect | undefined
  readonly times?: ClamdTimes | undefined
}

/** How long a daemon that was down may take to show that it is not. */
const PROBE_MS = 3000

export class DaemonScanner implements Ask {
  readonly #entry: DaemonEntry
  readonly #deps: DaemonDeps
  readonly #connect: Connect
  readonly #breaker: Breaker
  /** of the socket that answered last */
  #first = 0

  constructor(entry: DaemonEntry, deps: DaemonDeps) {
    this.#entry = entry
    this.#deps = deps
    this.#connect = deps.connect ?? connectTo
    this.#breaker = new Breaker({
      probe: () => this.#probe(),
      isProof: !this.#isMute,
      report: deps.report,
    })
  }

  close(): void {
    this.#breaker.close()
  }

  async scan(subject: ScanSubject, timeoutMs: number): Promise<ScannerAnswer> {
    const deadline = performance.now() + timeoutMs
    await this.#breaker.trial
    const {obstacle} = this.#breaker
    if (obstacle !== undefined) return failed(`not asked until it answers again: ${obstacle}`)
    const {name, endpoints} = this.#entry
    let worst: Breakdown | undefined
    let reason = 'timed out'
    for (let tried = 0; tried < endpoints.length && performance.now() < deadline; tried++) {
      const index = (this.#first + tried) % endpoints.length
      const endpoint = endpoints[index]!
      const asked = await this.#ask(endpoint, subject, deadline)
      if (asked.kind === 'said') {
        if (tried > 0) subject.log.write(-1, `run_av (${name}) FAILED - ${reason}`)
        this.#first = index
        this.#breaker.succeeded()
        return asked.answer
      }
      // The last of them is told by who asked.
      if (tried > 0) subject.log.write(-1, `run_av (${name}) FAILED - ${reason}`)
      const where = endpointText(endpoint)
      reason = asked.reason.includes(where) ? asked.reason : `${where}: ${asked.reason}`
      worst = worseOf(worst, asked.breakdown)
    }
    if (worst !== undefined) this.#breaker.failed(worst, reason)
    return failed(reason)
  }

  async #ask(endpoint: Endpoint, subject: ScanSubject, deadline: number): Promise<Asked> {
    let isConnected = false
    const open = async () => {
      const socket = await this.#open(endpoint, deadline - performance.now())
      isConnected = true
      return socket
    }
    try {
      const {log} = subject
      const note = log.enabled(5)
        ? (text: string) => log.write(5, `run_av (${this.#entry.name}) ${endpointText(endpoint)} ${text}`)
        : undefined
      const outputs = await this.#converse({open, deadline, note}, subject, seesOurFiles(endpoint))
      const {rules} = this.#entry
      const answers = outputs.map(output => readOutput({status: 0, output}, rules, subject.settings))
      return {kind: 'said', answer: combineAnswers(answers)}
    } catch (error) {
      const reason = errorText(error)
      if (error instanceof AmavisError && error.code === 'AM_STORAGE')
        return {kind: 'silent', breakdown: undefined, reason}
      if (!isConnected || reason === NO_PONG) return {kind: 'silent', breakdown: 'unreachable', reason}
      if (isTooLarge(error)) return {kind: 'silent', breakdown: undefined, reason}
      const isHung = error instanceof AmavisError && error.code === 'AM_TIMEOUT'
      return {kind: 'silent', breakdown: isHung ? 'hung' : 'broken', reason}
    }
  }

  /** @returns what it says: each output about the mail or some of its parts */
  async #converse(line: DaemonLine, subject: ScanSubject, seesFiles: boolean): Promise<readonly string[]> {
    const {protocol, query, extra} = this.#entry
    const {octets, parts, files} = subject
    switch (protocol) {
      case 'clamd':
        try {
          return await askClamd(octets, parts, line, this.#deps.times)
        } catch (error) {
          const isRefused = error instanceof AmavisError && error.code === 'AM_PROTOCOL'
          if (!isRefused || !seesFiles || !query.includes('{}') || query.includes('*')) throw error
          subject.log.write(2, `run_av (${this.#entry.name}): ${errorText(error)}; asking by files`)
          return await askSimple(queriesFor(query, await files()), line, false)
        }
      case 'simple':
      case 'line':
        return await askSimple(queriesFor(query, await files()), line, protocol === 'line')
      case 'sssp':
        return [await askSssp(await files(), line)]
      case 'savapi':
        return await askSavapi(await files(), line, extra)
      case 'smtp':
      case 'lmtp':
        return [await askSmtp(octets, line, {isLmtp: protocol === 'lmtp', recipient: extra})]
    }
  }

  #open(endpoint: Endpoint, timeoutMs: number): Promise<net.Socket> {
    return openSocket(endpoint, timeoutMs, this.#connect)
  }

  /** Whether one of the sockets answers: to a PING, with a greeting, or at least with a connection. */
  async #probe(): Promise<boolean> {
    const {protocol, endpoints} = this.#entry
    const answers = await Promise.all(
      endpoints.map(endpoint => {
        const line = {
          open: () => this.#open(endpoint, PROBE_MS),
          deadline: performance.now() + PROBE_MS,
        }
        return protocol === 'clamd' ? ping(line) : greets(line, !this.#isMute)
      }),
    )
    return answers.includes(true)
  }

  /** Its protocol has no greeting. */
  get #isMute(): boolean {
    const {protocol} = this.#entry
    return protocol === 'simple' || protocol === 'line'
  }
}

type Asked =
  | {readonly kind: 'said'; readonly answer: ScannerAnswer}
  /** breakdown: undefined where it works, and only does not take this mail */
  | {readonly kind: 'silent'; readonly breakdown: Breakdown | undefined; readonly reason: string}

/** Of several sockets that fail, one that can be reached counts: what is unreachable has nothing more to tell. */
function worseOf(one: Breakdown | undefined, other: Breakdown | undefined): Breakdown | undefined {
  const rank: readonly (Breakdown | undefined)[] = [undefined, 'unreachable', 'hung', 'broken']
  return rank.indexOf(other) > rank.indexOf(one) ? other : one
}

function isTooLarge(error: unknown): boolean {
  return error instanceof AmavisError && /size limit exceeded/i.test(error.message)
}

async function greets(line: DaemonLine, mustSpeak: boolean): Promise<boolean> {
  let dialogue: Dialogue | undefined
  try {
    dialogue = await Dialogue.begin(line)
    if (mustSpeak) await dialogue.line()
    return true
  } catch {
    return false
  } finally {
    dialogue?.close()
  }
}
