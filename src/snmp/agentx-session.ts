/**
 * agentx-session — one session with a master agent: open, register, answer, until it ends.
 *
 * Source: RFC 2741 §7. Nothing can be set. A master that is silent is asked with a Ping whether it lives.
 */
import net from 'node:net'
import {AmavisError, errorText} from '../errors.ts'
import {
  closeMessage,
  errorName,
  openMessage,
  pingMessage,
  RESPONSE_ERRORS,
  registerMessage,
  responseMessage,
} from './agentx-message.ts'
import {AgentXStream, type MasterPdu} from './agentx-stream.ts'
import type {Answerer} from './answer.ts'
import type {MasterAddress} from './master-address.ts'
import type {Oid} from './oid.ts'

/** How long the master is to wait for an answer of ours, longer than any of our sources may take. */
const ANSWER_SEC = 10
const PING_MS = 15_000

export interface SessionOptions {
  readonly address: MasterAddress
  readonly description: string
  readonly subtrees: readonly Oid[]
  readonly answerer: Answerer
  /** aborted: say Close and end */
  readonly signal: AbortSignal
  /** called when everything is registered */
  readonly registered?: () => void
  /** the most that the master may take to answer us */
  readonly timeoutMs?: number
}

/**
 * Serve a master agent until the signal is aborted.
 * @throws AmavisError AM_PROTOCOL when the session ends otherwise: no connection, refused, lost, silent
 */
export async function runSession(options: SessionOptions): Promise<void> {
  const {signal} = options
  if (signal.aborted) return
  const session = new Session(options)
  const stop = () => session.stop()
  signal.addEventListener('abort', stop, {once: true})
  try {
    await Promise.race([session.begin(), session.ended])
    await session.ended
  } finally {
    signal.removeEventListener('abort', stop)
    session.destroy()
  }
}

interface Waiting {
  readonly resolve: (pdu: MasterPdu) => void
  readonly reject: (error: AmavisError) => void
}

class Session {
  readonly ended: Promise<void>
  readonly #options: SessionOptions
  readonly #socket: net.Socket
  readonly #stream = new AgentXStream()
  readonly #waiting = new Map<number, Waiting>()
  /** why nothing can be asked any more */
  #over: AmavisError | undefined
  #end: (problem?: AmavisError) => void = () => {}
  #packetId = 0
  #sessionId = 0
  #heardMs = performance.now()
  #pinging: NodeJS.Timeout | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.ended = new Promise((resolve, reject) => {
      this.#end = problem => (problem ? reject(problem) : resolve())
    })
    // Once, not by each question: the promise would keep what a session of months has asked.
    this.ended.then(
      () => this.#finish(problem('the end was asked for')),
      error => this.#finish(error),
    )
    this.#socket = net.connect(options.address)
    this.#socket.on('data', chunk => this.#hear(chunk))
    this.#socket.on('error', error => this.#fail(errorText(error)))
    this.#socket.on('close', () => this.#fail('it closed the connection'))
  }

  async begin(): Promise<void> {
    const {description, subtrees, registered, timeoutMs = 5000} = this.#options
    const opened = await this.#ask(id => openMessage(id, description), timeoutMs)
    this.#sessionId = opened.sessionId
    for (const oid of subtrees) {
      await this.#ask(id => registerMessage(id, this.#sessionId, oid, ANSWER_SEC), timeoutMs)
    }
    this.#pinging = setInterval(() => void this.#ping(timeoutMs), PING_MS)
    registered?.()
  }

  stop(): void {
    if (this.#sessionId !== 0 && this.#socket.writable) {
      this.#socket.end(closeMessage(++this.#packetId, this.#sessionId))
    }
    this.#end()
  }

  destroy(): void {
    clearInterval(this.#pinging)
    this.#socket.destroySoon()
  }

  /** @throws AmavisError AM_PROTOCOL when it is refused; a master that says nothing ends the session */
  async #ask(message: (packetId: number) => Buffer, timeoutMs: number): Promise<MasterPdu> {
    const id = ++this.#packetId
    const timer = setTimeout(() => this.#fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    try {
      const pdu = await new Promise<MasterPdu>((resolve, reject) => {
        if (this.#over) return reject(this.#over)
        this.#waiting.set(id, {resolve, reject})
        this.#socket.write(message(id))
      })
      if (pdu.kind === 'response' && pdu.error !== 0) throw problem(`it refused: ${errorName(pdu.error)}`)
      return pdu
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  async #ping(timeoutMs: number): Promise<void> {
    if (performance.now() - this.#heardMs < PING_MS) return
    await this.#ask(id => pingMessage(id, this.#sessionId), timeoutMs).catch(error => this.#end(error))
  }

  #hear(chunk: Buffer): void {
    this.#heardMs = performance.now()
    try {
      for (const pdu of this.#stream.read(chunk)) {
        if (pdu.kind === 'response') this.#waiting.get(pdu.packetId)?.resolve(pdu)
        else if (pdu.kind === 'close') this.#fail('it closed the session')
        else void this.#answer(pdu)
      }
    } catch (error) {
      this.#fail(errorText(error))
    }
  }

  async #answer(pdu: MasterPdu): Promise<void> {
    try {
      const response = await this.#responseTo(pdu)
      if (response && this.#socket.writable) this.#socket.write(response)
    } catch {
      if (this.#socket.writable) {
        this.#socket.write(responseMessage(pdu, {error: RESPONSE_ERRORS.general}))
      }
    }
  }

  async #responseTo(pdu: MasterPdu): Promise<Buffer | undefined> {
    const {answerer} = this.#options
    switch (pdu.kind) {
      case 'get':
        return responseMessage(pdu, {answers: await answerer.get(pdu.ranges)})
      case 'get-next':
        return responseMessage(pdu, {answers: await answerer.getNext(pdu.ranges)})
      case 'get-bulk':
        return responseMessage(pdu, {answers: await answerer.getBulk(pdu.ranges, pdu)})
      case 'test-set':
        return responseMessage(pdu, {error: RESPONSE_ERRORS.notWritable, index: 1})
      case 'commit-set':
        return responseMessage(pdu, {error: RESPONSE_ERRORS.commitFailed, index: 1})
      case 'undo-set':
        return responseMessage(pdu, {error: RESPONSE_ERRORS.undoFailed, index: 1})
      case 'other':
        return responseMessage(pdu, {error: RESPONSE_ERRORS.general})
      case 'cleanup-set': // has no answer (RFC 2741 §7.2.4.4)
      case 'response':
      case 'close':
        return undefined
    }
  }

  #finish(why: AmavisError): void {
    this.#over = why
    for (const {reject} of this.#waiting.values()) reject(why)
  }

  #fail(what: string): void {
    this.#end(problem(what))
  }
}

function problem(what: string): AmavisError {
  return new AmavisError('AM_PROTOCOL', what)
}
