/**
 * session — one SMTP or LMTP conversation on a socket: reads, answers, and hands mails to the filter.
 *
 * All complete commands of a chunk are answered in one write (RFC 2920). While the filter works on a mail
 * input is only gathered, up to a bound, then the socket is paused. One idle timer serves all commands.
 * A client that drips octets is ended too: a command has the same time as silence has. Content is read by
 * content.ts, a mail is handed on by task.ts, patience.ts says how long a client may be silent.
 *
 * Diagnostics: an outcome that never comes is the filter's matter.
 */
import type {Socket} from 'node:net'
import {plainAddress} from '../access.ts'
import type {SessionDeps, SessionEnd} from '../conversation.ts'
import type {ClientGate} from '../limits/gate.ts'
import type {Outcome} from '../transaction.ts'
import type {Answer, Chunk} from './answer.ts'
import {BAD_SYNTAX, command, ERROR_LIMIT, LINE_TOO_LONG} from './commands.ts'
import {Content, type ContentEvent, tooLong} from './content.ts'
import {Ending} from './ending.ts'
import {type BadLine, Input} from './input.ts'
import {FLOOD, STOPPED, TOO_MANY_ERRORS} from './last-words.ts'
import {repliesOf} from './outcome.ts'
import type {Output} from './output.ts'
import {impatience, isHurried, patienceMs} from './patience.ts'
import {type SessionPolicy, sessionPolicy} from './policy.ts'
import type {Reception} from './reception.ts'
import {formatReply} from './reply.ts'
import {newState, resetForTls, resetTransaction, type SessionState} from './state.ts'
import {Task, type TaskHooks} from './task.ts'
import {Wire} from './wire.ts'

/** Input that is taken while the filter works. */
const WAITING_INPUT_OCTETS = 64 * 1024
/** A line without an end that gets this long ends the session. */
const ENDLESS_LINE_OCTETS = 1024 * 1024
/** A handshake takes some round trips, and a client that hangs in it would hold the child. */
const HANDSHAKE_MS = 60_000

const UNKNOWN_PRODUCT = {name: 'amavis', version: ''}

/** Hold a conversation on a socket that was admitted; resolves when it is over and its mails are answered. */
export function serveSmtp(socket: Socket, deps: SessionDeps): Promise<SessionEnd> {
  return new Promise(resolve => new SmtpSession(socket, deps, resolve).start())
}

type Mode = 'command' | 'content' | 'busy' | 'ended'

class SmtpSession {
  readonly #deps: SessionDeps
  readonly #clock: () => number
  readonly #resolve: (end: SessionEnd) => void
  readonly #input = new Input()
  readonly #wire: Wire
  readonly #output: Output
  readonly #state: SessionState
  readonly #task: Task
  readonly #content: Content
  readonly #ending: Ending
  #policy: SessionPolicy
  #mode: Mode = 'command'
  #inputEnded = false
  #transactions = 0
  /** when the present command or data began to be awaited */
  #since: number
  #unlisten: (() => void) | undefined

  constructor(socket: Socket, deps: SessionDeps, resolve: (end: SessionEnd) => void) {
    this.#deps = deps
    this.#clock = deps.clock ?? Date.now
    this.#resolve = resolve
    this.#policy = this.#makePolicy(false)
    this.#state = newState(deps.gate)
    const {address, port} = deps.peer ?? {address: socket.remoteAddress, port: socket.remotePort}
    this.#task = new Task(deps, {address: address && plainAddress(address), port})
    this.#content = new Content(deps.spool)
    this.#wire = new Wire(socket, {
      received: chunk => this.#received(chunk),
      ended: () => {
        this.#inputEnded = true
        this.#endIfDone()
      },
      timedOut: () => this.#timedOut(),
      failed: () => this.#ending.because('error'),
      closed: () => this.#ending.closed(),
      unblocked: () => this.#advance(),
    })
    this.#output = this.#wire.output
    this.#ending = new Ending(this.#wire, reason => this.#finished(reason))
    this.#since = this.#clock()
  }

  #makePolicy(encrypted: boolean): SessionPolicy {
    const {settings, listener, product = UNKNOWN_PRODUCT} = this.#deps
    return sessionPolicy(settings, listener, product, encrypted)
  }

  start(): void {
    const {taskIds, publisher, stop, pressure} = this.#deps
    taskIds.beginConnection()
    publisher.state('b')
    this.#setTimeout()
    stop?.addEventListener('abort', this.#stopped)
    this.#unlisten = pressure?.listen(() => this.#setTimeout())
    if (this.#wire.destroyed) {
      this.#ending.closed()
      return
    }
    const {gate} = this.#state
    if (gate) this.#askGate(gate)
    else this.#greet()
  }

  /** Whether the client may connect at all; nothing it says is read before. */
  #askGate(gate: ClientGate): void {
    this.#mode = 'busy'
    void gate.connected().then(tooMuch => {
      if (this.#mode !== 'busy') return
      this.#mode = 'command'
      if (!tooMuch) return this.#greet()
      this.#task.log(0, tooMuch.note)
      this.#end('protocol', tooMuch.text)
    })
  }

  #greet(): void {
    this.#output.add(this.#policy.greeting)
    this.#output.flush()
    this.#task.timing.mark('SMTP greeting')
    if (this.#deps.stop?.aborted) this.#stopped()
    this.#since = this.#clock()
    this.#wire.resume()
  }

  #received(chunk: Buffer): void {
    if (this.#mode === 'ended') return
    this.#input.push(chunk)
    this.#advance()
  }

  /** Do all that can be done with the input at hand. */
  #advance(): void {
    const before = this.#since
    while (!this.#output.blocked) {
      if (this.#mode === 'command') {
        const line = this.#input.line()
        if (line === undefined) break
        this.#since = 0
        this.#command(line)
      } else if (this.#mode === 'content') {
        const event = this.#content.read(this.#input, this.#state.mail)
        if (event === undefined) break
        this.#contentRead(event)
      } else break
    }
    if (this.#mode === 'ended') return
    this.#output.flush()
    if (this.#since === 0) this.#since = this.#clock()
    else if (this.#since === before) this.#checkPace()
    this.#throttle()
    if (this.#inputEnded) this.#endIfDone()
    if (this.#deps.stop?.aborted) this.#stopped()
  }

  #command(line: string | BadLine): void {
    if (typeof line !== 'string') {
      this.#answer(line.problem === 'length' ? LINE_TOO_LONG : BAD_SYNTAX)
      return
    }
    // Each MAIL counts, also one that is refused (spec/daemon, Identifiers).
    if (!this.#state.mail && /^MAIL(?:[ \t]|$)/i.test(line)) this.#task.begin()
    const {dialogue} = this.#state
    const answer = dialogue ? dialogue(line) : command(line, this.#state, this.#policy)
    if (answer instanceof Promise) this.#await(answer)
    else this.#answer(answer)
  }

  /** Something has to be loaded or counted before the answer is known; the next command waits. */
  #await(coming: Promise<Answer>): void {
    this.#mode = 'busy'
    coming.then(
      answer => this.#awaited(answer),
      error => this.#awaited({text: formatReply(this.#task.failure(error).reply)}),
    )
  }

  #awaited(answer: Answer): void {
    if (this.#mode !== 'busy') return
    this.#mode = 'command'
    this.#since = 0
    this.#answer(answer)
    this.#advance()
  }

  #answer(answer: Answer): void {
    this.#output.add(answer.text)
    if (answer.note !== undefined) this.#task.log(0, answer.note)
    if (answer.error && ++this.#state.errors > ERROR_LIMIT) {
      this.#end('protocol', TOO_MANY_ERRORS)
      return
    }
    // RSET between two chunks
    if (this.#content.reception && !this.#state.mail) this.#content.drop()
    switch (answer.event) {
      case 'greeted':
        this.#task.timing.mark(this.#state.extended ? 'SMTP EHLO' : 'SMTP HELO')
        break
      case 'mail':
        this.#task.receivedAt = this.#clock()
        if (isHurried(this.#deps)) this.#setTimeout()
        this.#deps.publisher.state('m', this.#task.id)
        this.#task.timing.mark('SMTP MAIL')
        break
      case 'data':
        this.#beginData(true)
        break
      case 'chunk':
        this.#beginChunk(answer.chunk!)
        break
      case 'tls':
        this.#beginTls()
        break
      case 'lost':
        this.#end('protocol')
        break
      case 'quit':
        this.#end('quit')
    }
  }

  /** What was pipelined behind STARTTLS came in the clear: it is nothing that this client has said. */
  #beginTls(): void {
    this.#mode = 'busy'
    this.#input.take()
    this.#content.drop()
    this.#wire.hush()
    const limitMs = Math.min(this.#patienceMs, HANDSHAKE_MS)
    void this.#wire.encrypt(this.#deps.settings, limitMs).then(handshake => {
      if (handshake.kind === 'failed') {
        this.#task.log(1, `TLS handshake failed: ${handshake.reason}`)
        this.#ending.break('error')
        this.#ending.closed()
        return
      }
      this.#task.log(2, `TLS established: ${handshake.cipher}`)
      resetForTls(this.#state, handshake.cipher)
      this.#policy = this.#makePolicy(true)
      this.#mode = 'command'
      this.#since = this.#clock()
      this.#setTimeout()
      this.#wire.resume()
      if (this.#deps.stop?.aborted) this.#stopped()
    })
  }

  #beginData(dots: boolean): void {
    const limit = Math.min(this.#policy.sizeLimit ?? Number.POSITIVE_INFINITY, this.#state.mail!.sizeLimit)
    this.#task.timing.mark('SMTP pre-DATA-flush')
    this.#deps.publisher.state('d', this.#task.id)
    this.#content.begin(limit, dots)
    this.#mode = 'content'
    this.#since = this.#clock()
  }

  #beginChunk(chunk: Chunk): void {
    if (!this.#content.beginChunk(chunk)) {
      this.#end('protocol', FLOOD)
      return
    }
    if (!chunk.refusal && !this.#content.reception) this.#beginData(false)
    this.#mode = 'content'
    this.#since = this.#clock()
  }

  #contentRead(event: ContentEvent): void {
    switch (event.kind) {
      case 'flood':
        this.#end('protocol', FLOOD)
        break
      case 'wait':
        this.#mode = 'busy'
        void event.until.then(() => {
          if (this.#mode !== 'busy') return
          this.#mode = 'content'
          this.#advance()
        })
        break
      case 'answer':
        this.#mode = 'command'
        this.#since = 0
        this.#answer(event.answer)
        break
      case 'whole':
        this.#contentEnded(this.#content.reception!)
    }
  }

  #contentEnded(reception: Reception): void {
    this.#task.timing.mark('SMTP DATA')
    if (reception.tooLong) {
      this.#endTransaction(tooLong(reception))
      return
    }
    this.#mode = 'busy'
    this.#ending.working = true
    this.#task.check(reception, this.#state, this.#hooks)
  }

  readonly #hooks: TaskHooks = {
    isAwaited: () => !this.#ending.isClosed,
    answer: outcome => {
      this.#endTransaction(outcome)
      this.#output.flush()
    },
    done: () => {
      if (this.#ending.worked()) this.#advance()
    },
  }

  #endTransaction(outcome: Outcome): void {
    const {mail, lmtp} = this.#state
    this.#transactions++
    this.#output.add(repliesOf(outcome, mail!, lmtp))
    this.#state.errors = 0
    resetTransaction(this.#state)
    this.#content.leave()
    this.#mode = 'command'
    this.#since = this.#clock()
    if (isHurried(this.#deps)) this.#setTimeout()
  }

  /** Read on, or leave the rest with the client until we have done with what we hold. */
  #throttle(): void {
    const waiting = this.#output.blocked || this.#mode === 'busy'
    if (waiting && this.#input.length > WAITING_INPUT_OCTETS) this.#wire.pause()
    else this.#wire.resume()
  }

  get #patienceMs(): number {
    const inMail = this.#state.mail !== undefined
    return patienceMs(this.#deps, this.#policy, {inMail, transactions: this.#transactions})
  }

  #setTimeout(): void {
    if (this.#mode !== 'ended') this.#wire.timeout = this.#patienceMs
  }

  /** Octets came, but nothing was complete: not for ever. */
  #checkPace(): void {
    if (this.#input.skipped > ENDLESS_LINE_OCTETS) {
      this.#end('protocol', FLOOD)
      return
    }
    if (this.#mode === 'busy' || this.#output.blocked) return
    const received = this.#mode === 'content' ? this.#content.received : 0
    if (this.#clock() - this.#since > this.#patienceMs + received) this.#timedOut()
  }

  #timedOut(): void {
    if (this.#mode === 'ended') this.#wire.destroy()
    else if (this.#output.blocked) {
      // It does not read what it is told.
      this.#ending.break('timeout')
    } else if (this.#mode !== 'busy') {
      const {note, last} = impatience(this.#mode === 'content', this.#deps)
      this.#task.log(1, note)
      this.#end('timeout', last)
    }
  }

  readonly #stopped = (): void => {
    if (this.#mode !== 'command' || this.#state.mail || this.#input.length > 0) return
    if (this.#transactions > 0) this.#end('stopped', STOPPED)
    else this.#setTimeout()
  }

  #endIfDone(): void {
    const {blocked} = this.#output
    if (!blocked && this.#mode !== 'busy' && this.#mode !== 'ended') this.#end('closed')
  }

  #end(reason: SessionEnd['reason'], last = ''): void {
    if (this.#mode === 'ended') return
    this.#mode = 'ended'
    this.#content.drop()
    this.#input.take()
    this.#ending.say(reason, last)
  }

  #finished(reason: SessionEnd['reason']): void {
    if (this.#mode !== 'ended') this.#content.drop()
    this.#mode = 'ended'
    this.#deps.stop?.removeEventListener('abort', this.#stopped)
    this.#unlisten?.()
    this.#state.gate?.ended()
    this.#task.log(3, `session ended: ${reason}`)
    this.#resolve({transactions: this.#transactions, reason})
  }
}
