/**
 * session — one SMTP or LMTP conversation on a socket: reads, answers, and hands mails to the filter.
 *
 * All complete commands of a chunk are answered in one write (RFC 2920). While the filter works on a mail
 * input is only gathered, up to a bound, then the socket is paused. One idle timer serves all commands.
 * A client that drips octets is ended too: a command has the same time as silence has, and data must
 * average an octet a millisecond beyond it. While connections wait for a child that time is short.
 *
 * Diagnostics: an outcome that never comes is the filter's matter; a filter that throws is answered 451
 * and logged at level -2.
 */
import type {Socket} from 'node:net'
import {Timing} from '../../log/timing.ts'
import type {Client} from '../../message/envelope.ts'
import {plainAddress} from '../access.ts'
import type {Peer, SessionDeps, SessionEnd} from '../conversation.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import type {Answer} from './answer.ts'
import {BAD_SYNTAX, command, ERROR_LIMIT, LINE_TOO_LONG} from './commands.ts'
import {type BadLine, Input} from './input.ts'
import {FLOOD, IDLE, IDLE_IN_DATA, IDLE_UNDER_PRESSURE, STOPPED, TOO_MANY_ERRORS} from './last-words.ts'
import {innerFailure, repliesOf, runFilter, same} from './outcome.ts'
import type {Output} from './output.ts'
import {type SessionPolicy, sessionPolicy} from './policy.ts'
import {receivedLine} from './received-line.ts'
import {Reception, SURPLUS_OCTETS} from './reception.ts'
import {formatReply} from './reply.ts'
import {newState, protocolName, resetForTls, resetTransaction} from './state.ts'
import {Wire} from './wire.ts'

/** Input that is taken while the filter works. */
const WAITING_INPUT_OCTETS = 64 * 1024
/** A line without an end that gets this long ends the session. */
const ENDLESS_LINE_OCTETS = 1024 * 1024
/** Silence that ends a session without mails when the child is to stop. */
const LAST_MAIL_MS = 10_000
/** Within a transaction a client may be silent for so many times $smtpd_busy_timeout while others wait. */
const TRANSACTION_PATIENCE = 6
/** A handshake takes some round trips, and a client that hangs in it would hold the child. */
const HANDSHAKE_MS = 60_000
/** How long a client may take to close its side after ours. */
const LINGER_MS = 5000

const UNKNOWN_PRODUCT = {name: 'amavis', version: ''}

/** Hold a conversation on a socket that was admitted; resolves when it is over and its mails are answered. */
export function serveSmtp(socket: Socket, deps: SessionDeps): Promise<SessionEnd> {
  return new Promise(resolve => new SmtpSession(socket, deps, resolve).start())
}

type Mode = 'command' | 'data' | 'chunk' | 'busy' | 'ended'

class SmtpSession {
  readonly #deps: SessionDeps
  readonly #clock: () => number
  readonly #resolve: (end: SessionEnd) => void
  readonly #peer: Peer
  readonly #input = new Input()
  readonly #wire: Wire
  readonly #output: Output
  readonly #state = newState()
  #policy: SessionPolicy
  #mode: Mode = 'command'
  #inputEnded = false
  /** a whole mail is being kept or filtered: the session outlives its socket until that is done */
  #working = false
  #closed = false
  #finished = false
  #reason: SessionEnd['reason'] | undefined
  #transactions = 0
  #timing = new Timing()
  #taskId = ''
  #receivedAt = 0
  #reception: Reception | undefined
  /** the chunk of BDAT that is being read */
  #chunk: Answer['chunk']
  #chunkLeft = 0
  /** when the present command or data began to be awaited */
  #since: number
  #unlisten: (() => void) | undefined

  constructor(socket: Socket, deps: SessionDeps, resolve: (end: SessionEnd) => void) {
    this.#deps = deps
    this.#clock = deps.clock ?? Date.now
    this.#resolve = resolve
    this.#policy = this.#makePolicy(false)
    const {address, port} = deps.peer ?? {address: socket.remoteAddress, port: socket.remotePort}
    this.#peer = {address: address && plainAddress(address), port}
    this.#wire = new Wire(socket, {
      received: chunk => this.#received(chunk),
      ended: () => {
        this.#inputEnded = true
        this.#endIfDone()
      },
      timedOut: () => this.#timedOut(),
      failed: () => {
        this.#reason ??= 'error'
      },
      closed: () => this.#socketClosed(),
      unblocked: () => this.#advance(),
    })
    this.#output = this.#wire.output
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
      this.#socketClosed()
      return
    }
    this.#output.add(this.#policy.greeting)
    this.#output.flush()
    this.#timing.mark('SMTP greeting')
    if (stop?.aborted) this.#stopped()
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
      } else if (this.#mode === 'data') {
        if (this.#input.length === 0) break
        this.#readData()
      } else if (this.#mode === 'chunk') {
        if (this.#chunkLeft === 0) this.#chunkEnded()
        else if (this.#input.length === 0) break
        else this.#readChunk()
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
    if (/^MAIL(?:[ \t]|$)/i.test(line)) this.#beginTask()
    const {dialogue} = this.#state
    const answer = dialogue ? dialogue(line) : command(line, this.#state, this.#policy)
    if (answer instanceof Promise) this.#await(answer)
    else this.#answer(answer)
  }

  /** Something has to be loaded before the answer is known; the next command waits. */
  #await(coming: Promise<Answer>): void {
    this.#mode = 'busy'
    coming.then(
      answer => this.#awaited(answer),
      error => this.#awaited({text: formatReply(innerFailure(error, this.#taskId, this.#deps.log).reply)}),
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
    if (answer.note !== undefined) this.#log(0, answer.note)
    if (answer.error && ++this.#state.errors > ERROR_LIMIT) {
      this.#end('protocol', TOO_MANY_ERRORS)
      return
    }
    // RSET between two chunks
    if (this.#reception && !this.#state.mail) this.#dropContent()
    switch (answer.event) {
      case 'greeted':
        this.#timing.mark(this.#state.extended ? 'SMTP EHLO' : 'SMTP HELO')
        break
      case 'mail':
        this.#receivedAt = this.#clock()
        if (this.#isHurried) this.#setTimeout()
        this.#deps.publisher.state('m', this.#taskId)
        this.#timing.mark('SMTP MAIL')
        break
      case 'data':
        this.#beginData(true)
        this.#mode = 'data'
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

  #beginTask(): void {
    if (this.#state.mail) return
    if (this.#taskId === '') this.#timing.mark('SMTP pre-MAIL')
    else this.#timing = new Timing()
    this.#taskId = this.#deps.taskIds.next()
  }

  /** What was pipelined behind STARTTLS came in the clear: it is nothing that this client has said. */
  #beginTls(): void {
    this.#mode = 'busy'
    this.#input.take()
    this.#wire.hush()
    const limitMs = Math.min(this.#patienceMs, HANDSHAKE_MS)
    void this.#wire.encrypt(this.#deps.settings, limitMs).then(handshake => {
      if (handshake.kind === 'failed') {
        this.#log(1, `TLS handshake failed: ${handshake.reason}`)
        this.#reason = 'error'
        this.#wire.destroy()
        this.#socketClosed()
        return
      }
      this.#log(2, `TLS established: ${handshake.cipher}`)
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
    this.#timing.mark('SMTP pre-DATA-flush')
    this.#deps.publisher.state('d', this.#taskId)
    this.#reception = new Reception(this.#deps.spool, this.#policy.sizeLimit, dots)
    this.#since = this.#clock()
  }

  #readData(): void {
    const reception = this.#reception!
    const chunk = this.#input.take()
    const end = reception.push(chunk)
    if (end >= 0) {
      if (end < chunk.length) this.#input.push(chunk.subarray(end))
      this.#dataEnded(reception)
    } else this.#mayReadOn(reception, 'data')
  }

  #mayReadOn(reception: Reception, mode: 'data' | 'chunk'): void {
    if (reception.endless) this.#end('protocol', FLOOD)
    else if (reception.wait) {
      this.#mode = 'busy'
      void reception.wait.then(() => {
        if (this.#mode !== 'busy') return
        this.#mode = mode
        this.#advance()
      })
    }
  }

  #beginChunk(chunk: NonNullable<Answer['chunk']>): void {
    if (chunk.refusal && chunk.octets > SURPLUS_OCTETS) {
      this.#end('protocol', FLOOD)
      return
    }
    if (!chunk.refusal && !this.#reception) this.#beginData(false)
    this.#chunk = chunk
    this.#chunkLeft = chunk.octets
    this.#mode = 'chunk'
    this.#since = this.#clock()
  }

  #readChunk(): void {
    const all = this.#input.take()
    const octets = all.length > this.#chunkLeft ? all.subarray(0, this.#chunkLeft) : all
    if (octets.length < all.length) this.#input.push(all.subarray(octets.length))
    this.#chunkLeft -= octets.length
    if (this.#chunk!.refusal) return
    this.#reception!.push(octets)
    this.#mayReadOn(this.#reception!, 'chunk')
  }

  #chunkEnded(): void {
    const {refusal, last, octets} = this.#chunk!
    this.#chunk = undefined
    this.#mode = 'command'
    this.#since = 0
    if (refusal) {
      this.#answer(refusal)
      return
    }
    const reception = this.#reception!
    if (last) {
      reception.close()
      this.#dataEnded(reception)
    } else if (reception.tooLong)
      this.#answer({text: repliesOf(tooLong(reception), this.#state.mail!, false)})
    else this.#answer({text: `250 2.0.0 ${octets} octets received\r\n`})
  }

  #dropContent(): void {
    this.#reception?.discard()
    this.#reception = undefined
  }

  #dataEnded(reception: Reception): void {
    this.#timing.mark('SMTP DATA')
    if (reception.tooLong) {
      this.#endTransaction(tooLong(reception))
      return
    }
    this.#mode = 'busy'
    this.#working = true
    const octets = reception.finish()
    if (!(octets instanceof Promise)) this.#filter(octets)
    else {
      octets.then(
        kept => this.#filter(kept),
        error => {
          this.#endTransaction(innerFailure(error, this.#taskId, this.#deps.log))
          this.#resumeAfterMail()
        },
      )
    }
  }

  #filter(octets: Transaction['octets']): void {
    if (this.#closed) {
      // Nobody is left to be answered: the client will come again with this mail.
      this.#deps.spool.release(octets)
      this.#finish()
      return
    }
    const mail = this.#transaction(octets)
    if (this.#deps.log.enabled(1)) this.#log(1, receivedLine(mail))
    runFilter(mail, this.#deps, outcome => this.#filtered(mail, outcome))
  }

  #filtered(mail: Transaction, outcome: Outcome): void {
    const {timing, octets} = mail
    timing.mark('SMTP pre-response')
    this.#endTransaction(outcome)
    this.#output.flush()
    timing.mark('SMTP response')
    this.#deps.spool.release(octets)
    timing.mark('rundown')
    // What is written to the log is published with it; these reports are published in any case.
    const {log, publisher} = this.#deps
    const report = () => `size: ${octets.size}, ${timing.report()}`
    if (log.enabled(2)) this.#log(2, report())
    else if (publisher.wantsLog()) publisher.log(2, `(${mail.taskId}) ${report()}`)
    this.#resumeAfterMail()
  }

  #endTransaction(outcome: Outcome): void {
    const {mail, lmtp} = this.#state
    this.#transactions++
    this.#output.add(repliesOf(outcome, mail!, lmtp))
    this.#state.errors = 0
    resetTransaction(this.#state)
    this.#reception = undefined
    this.#mode = 'command'
    this.#since = this.#clock()
    if (this.#isHurried) this.#setTimeout()
  }

  #resumeAfterMail(): void {
    this.#working = false
    if (this.#closed) this.#finish()
    else this.#advance()
  }

  #transaction(octets: Transaction['octets']): Transaction {
    const mail = this.#state.mail!
    const {listener, settings, spool} = this.#deps
    const client: Client = {
      socketAddress: this.#peer.address,
      socketPort: this.#peer.port,
      helo: this.#state.helo,
      tlsCipher: this.#state.tlsCipher,
      user: this.#state.user,
      forwarded: this.#state.forwarded,
    }
    return {
      taskId: this.#taskId,
      envelope: mail,
      client,
      listener,
      protocol: protocolName(this.#state, mail.smtputf8),
      octets,
      data: this.#reception!.facts,
      receivedAt: this.#receivedAt,
      timing: this.#timing,
      settings,
      preserve: reason => spool.preserve(reason, octets),
    }
  }

  /** Read on, or leave the rest with the client until we have done with what we hold. */
  #throttle(): void {
    const waiting = this.#output.blocked || this.#mode === 'busy'
    if (waiting && this.#input.length > WAITING_INPUT_OCTETS) this.#wire.pause()
    else this.#wire.resume()
  }

  /** The client has less time than usual. */
  get #isHurried(): boolean {
    const {stop, pressure} = this.#deps
    return stop?.aborted === true || pressure?.on === true
  }

  /** Silence and dripping are borne for so long, ms. */
  get #patienceMs(): number {
    const {timeoutMs, busyTimeoutMs} = this.#policy
    const {stop, pressure} = this.#deps
    const inMail = this.#state.mail !== undefined
    let limit = timeoutMs
    if (pressure?.on) limit = Math.min(limit, inMail ? TRANSACTION_PATIENCE * busyTimeoutMs : busyTimeoutMs)
    if (stop?.aborted && !inMail && this.#transactions === 0) limit = Math.min(limit, LAST_MAIL_MS)
    return limit
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
    const received =
      this.#mode === 'data'
        ? this.#reception!.size
        : this.#mode === 'chunk'
          ? this.#chunk!.octets - this.#chunkLeft
          : 0
    if (this.#clock() - this.#since > this.#patienceMs + received) this.#timedOut()
  }

  #timedOut(): void {
    if (this.#mode === 'ended') this.#wire.destroy()
    else if (this.#output.blocked) {
      // It does not read what it is told.
      this.#reason = 'timeout'
      this.#wire.destroy()
    } else if (this.#mode === 'data' || this.#mode === 'chunk') {
      this.#log(1, `ABORTING the session: timed out during waiting for input from client`)
      this.#end('timeout', IDLE_IN_DATA)
    } else if (this.#mode === 'command') {
      const waited = this.#deps.pressure?.on
      this.#log(1, `client was idle for too long${waited ? ' while others wait' : ''}, closing`)
      this.#end('timeout', waited ? IDLE_UNDER_PRESSURE : IDLE)
    }
  }

  readonly #stopped = (): void => {
    if (this.#mode !== 'command' || this.#state.mail || this.#input.length > 0) return
    if (this.#transactions > 0) this.#end('stopped', STOPPED)
    else this.#setTimeout()
  }

  #log(level: number, text: string): void {
    const {log} = this.#deps
    if (log.enabled(level)) (this.#taskId === '' ? log : log.forTask(this.#taskId)).write(level, text)
  }

  #endIfDone(): void {
    const {blocked} = this.#output
    if (!blocked && this.#mode !== 'busy' && this.#mode !== 'ended') this.#end('closed')
  }

  /** Say the last words and close our side; the socket goes when the client has closed its own. */
  #end(reason: SessionEnd['reason'], last = ''): void {
    if (this.#mode === 'ended') return
    this.#reason ??= reason
    this.#mode = 'ended'
    this.#reception?.discard()
    if (this.#wire.destroyed) return
    this.#wire.timeout = LINGER_MS
    // The child need not wait until the client has closed its side, too.
    this.#output.add(last)
    this.#output.end(() => {
      this.#finish()
      // After QUIT there is nothing to wait for; many clients close without reading our answer.
      if (reason === 'quit') this.#wire.destroy()
    })
    this.#input.take()
    this.#wire.resume()
  }

  #socketClosed(): void {
    this.#closed = true
    if (!this.#working) this.#finish()
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    if (this.#mode !== 'ended') this.#reception?.discard()
    this.#mode = 'ended'
    this.#deps.stop?.removeEventListener('abort', this.#stopped)
    this.#unlisten?.()
    this.#log(3, `session ended: ${this.#reason ?? 'closed'}`)
    this.#resolve({transactions: this.#transactions, reason: this.#reason ?? 'closed'})
  }
}

function tooLong({size}: Reception): Outcome {
  return same({code: 552, enhanced: '5.3.4', text: `Message size (${size} B) exceeds size limit`})
}
