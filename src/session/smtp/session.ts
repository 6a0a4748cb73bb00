/**
 * session — one SMTP conversation on a socket: reads, answers, and hands mails to the filter.
 *
 * All complete commands of a chunk are answered in one write (RFC 2920). While the filter works on a mail
 * input is only gathered, up to a bound, then the socket is paused. One idle timer serves all commands.
 * A client that drips octets is ended too: a command has the same time as silence has, and data must
 * average an octet a millisecond beyond it.
 *
 * Diagnostics: an outcome that never comes is the filter's matter; a filter that throws is answered 451
 * and logged at level -2.
 */
import type {Socket} from 'node:net'
import {errorText, type SmtpReply} from '../../errors.ts'
import {Timing} from '../../log/timing.ts'
import type {Client} from '../../message/envelope.ts'
import {plainAddress} from '../access.ts'
import type {SessionDeps, SessionEnd} from '../conversation.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import {BAD_SYNTAX, command, ERROR_LIMIT, LINE_TOO_LONG} from './commands.ts'
import {Input} from './input.ts'
import {FLOOD, IDLE, IDLE_IN_DATA, STOPPED, TOO_MANY_ERRORS} from './last-words.ts'
import {Output} from './output.ts'
import {type SessionPolicy, sessionPolicy} from './policy.ts'
import {receivedLine} from './received-line.ts'
import {Reception} from './reception.ts'
import {formatReply, replyText} from './reply.ts'
import {newState, resetTransaction} from './state.ts'

const INNER_FAILURE: SmtpReply = {code: 451, enhanced: '4.5.0', text: 'Error in processing'}

/** Input that is taken while the filter works. */
const WAITING_INPUT_OCTETS = 64 * 1024
/** A line without an end that gets this long ends the session. */
const ENDLESS_LINE_OCTETS = 1024 * 1024
/** Silence that ends a session without mails when the child is to stop. */
const LAST_MAIL_MS = 10_000
/** How long a client may take to close its side after ours. */
const LINGER_MS = 5000

/** Hold a conversation on a socket that was admitted; resolves when it is over and its mails are answered. */
export function serveSmtp(socket: Socket, deps: SessionDeps): Promise<SessionEnd> {
  return new Promise(resolve => new SmtpSession(socket, deps, resolve).start())
}

type Mode = 'command' | 'data' | 'busy' | 'ended'

class SmtpSession {
  readonly #socket: Socket
  readonly #deps: SessionDeps
  readonly #policy: SessionPolicy
  readonly #clock: () => number
  readonly #resolve: (end: SessionEnd) => void
  readonly #client: {readonly address: string | undefined; readonly port: number | undefined}
  readonly #input = new Input()
  readonly #output: Output
  readonly #state = newState()
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
  /** when the present command or data began to be awaited */
  #since: number

  constructor(socket: Socket, deps: SessionDeps, resolve: (end: SessionEnd) => void) {
    this.#socket = socket
    this.#deps = deps
    this.#clock = deps.clock ?? Date.now
    this.#resolve = resolve
    this.#policy = sessionPolicy(deps.settings, deps.listener, deps.product ?? {name: 'amavis', version: ''})
    this.#client = {
      address: socket.remoteAddress && plainAddress(socket.remoteAddress),
      port: socket.remotePort,
    }
    this.#output = new Output(socket, () => this.#advance())
    this.#since = this.#clock()
  }

  start(): void {
    const socket = this.#socket
    this.#deps.taskIds.beginConnection()
    this.#deps.publisher.state('b')
    // A client may shut its side after the last command; it still gets its answers.
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    socket.setTimeout(this.#policy.timeoutMs)
    socket.on('data', chunk => this.#received(chunk as Buffer))
    socket.on('end', () => {
      this.#inputEnded = true
      this.#endIfDone()
    })
    socket.on('timeout', () => this.#timedOut())
    socket.on('error', () => {
      this.#reason ??= 'error'
    })
    socket.on('close', () => this.#socketClosed())
    this.#deps.stop?.addEventListener('abort', this.#stopped)
    if (socket.destroyed) {
      this.#socketClosed()
      return
    }
    this.#output.add(this.#policy.greeting)
    this.#output.flush()
    this.#timing.mark('SMTP greeting')
    if (this.#deps.stop?.aborted) this.#stopped()
    socket.resume()
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

  #command(line: ReturnType<Input['line']> & {}): void {
    if (typeof line !== 'string') {
      this.#answer(line.problem === 'length' ? LINE_TOO_LONG : BAD_SYNTAX)
      return
    }
    // Each MAIL counts, also one that is refused (spec/daemon, Identifiers).
    if (/^MAIL(?:[ \t]|$)/i.test(line)) this.#beginTask()
    this.#answer(command(line, this.#state, this.#policy))
  }

  #answer(answer: ReturnType<typeof command>): void {
    this.#output.add(answer.text)
    if (answer.error && ++this.#state.errors > ERROR_LIMIT) {
      this.#end('protocol', TOO_MANY_ERRORS)
      return
    }
    switch (answer.event) {
      case 'greeted':
        this.#timing.mark(this.#state.extended ? 'SMTP EHLO' : 'SMTP HELO')
        break
      case 'mail':
        this.#receivedAt = this.#clock()
        if (this.#deps.stop?.aborted) this.#socket.setTimeout(this.#policy.timeoutMs)
        this.#deps.publisher.state('m', this.#taskId)
        this.#timing.mark('SMTP MAIL')
        break
      case 'data':
        this.#beginData()
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

  #beginData(): void {
    this.#timing.mark('SMTP pre-DATA-flush')
    this.#deps.publisher.state('d', this.#taskId)
    this.#reception = new Reception(this.#deps.spool, this.#policy.sizeLimit)
    this.#mode = 'data'
    this.#since = this.#clock()
  }

  #readData(): void {
    const reception = this.#reception!
    const chunk = this.#input.take()
    const end = reception.push(chunk)
    if (end >= 0) {
      if (end < chunk.length) this.#input.push(chunk.subarray(end))
      this.#dataEnded(reception)
    } else if (reception.endless) this.#end('protocol', FLOOD)
    else if (reception.wait) {
      this.#mode = 'busy'
      void reception.wait.then(() => {
        if (this.#mode !== 'busy') return
        this.#mode = 'data'
        this.#advance()
      })
    }
  }

  #dataEnded(reception: Reception): void {
    this.#timing.mark('SMTP DATA')
    if (reception.tooLong) {
      const text = `Message size (${reception.size} B) exceeds size limit`
      this.#endTransaction({code: 552, enhanced: '5.3.4', text})
      return
    }
    this.#mode = 'busy'
    this.#working = true
    const octets = reception.finish()
    if (!(octets instanceof Promise)) this.#filter(octets)
    else {
      octets.then(
        kept => this.#filter(kept),
        error => this.#failed(error),
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
    let outcome: Promise<Outcome>
    try {
      outcome = this.#deps.filter(mail)
    } catch (error) {
      outcome = Promise.reject(error)
    }
    outcome.then(
      ({reply}) => this.#filtered(mail, reply),
      async error => {
        await mail.preserve(errorText(error))
        this.#failed(error, mail)
      },
    )
  }

  /** An inner failure: the client comes again, and learns nothing of us. */
  #failed(error: unknown, mail?: Transaction): void {
    this.#deps.log.forTask(this.#taskId).write(-2, `TROUBLE in process_request: ${errorText(error)}`)
    const reply = {...INNER_FAILURE, text: `${INNER_FAILURE.text}, id=${this.#taskId}`}
    if (mail) this.#filtered(mail, reply)
    else {
      this.#endTransaction(reply)
      this.#resumeAfterMail()
    }
  }

  #filtered(mail: Transaction, reply: SmtpReply): void {
    const {timing, octets} = mail
    timing.mark('SMTP pre-response')
    this.#endTransaction(reply)
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

  #endTransaction(reply: SmtpReply): void {
    const utf8 = this.#state.mail?.smtputf8 ?? false
    this.#transactions++
    this.#output.add(formatReply({...reply, text: replyText(reply.text, utf8)}))
    this.#state.errors = 0
    resetTransaction(this.#state)
    this.#reception = undefined
    this.#mode = 'command'
    this.#since = this.#clock()
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
      socketAddress: this.#client.address,
      socketPort: this.#client.port,
      helo: this.#state.helo,
      forwarded: this.#state.forwarded,
    }
    return {
      taskId: this.#taskId,
      envelope: mail,
      client,
      listener,
      protocol: this.#state.extended ? (mail.smtputf8 ? 'UTF8SMTP' : 'ESMTP') : 'SMTP',
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
    if (waiting && this.#input.length > WAITING_INPUT_OCTETS) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** Octets came, but nothing was complete: not for ever. */
  #checkPace(): void {
    if (this.#input.skipped > ENDLESS_LINE_OCTETS) {
      this.#end('protocol', FLOOD)
      return
    }
    if (this.#mode === 'busy' || this.#output.blocked) return
    const received = this.#mode === 'data' ? this.#reception!.size : 0
    if (this.#clock() - this.#since > this.#policy.timeoutMs + received) this.#timedOut()
  }

  #timedOut(): void {
    if (this.#mode === 'ended') this.#socket.destroy()
    else if (this.#output.blocked) {
      // It does not read what it is told.
      this.#reason = 'timeout'
      this.#socket.destroy()
    } else if (this.#mode === 'data') {
      this.#log(1, `ABORTING the session: timed out during waiting for input from client`)
      this.#end('timeout', IDLE_IN_DATA)
    } else if (this.#mode === 'command') {
      this.#log(1, 'client was idle for too long, closing')
      this.#end('timeout', IDLE)
    }
  }

  readonly #stopped = (): void => {
    if (this.#mode !== 'command' || this.#state.mail || this.#input.length > 0) return
    if (this.#transactions > 0) this.#end('stopped', STOPPED)
    else this.#socket.setTimeout(Math.min(this.#policy.timeoutMs, LAST_MAIL_MS))
  }

  #log(level: number, text: string): void {
    const {log} = this.#deps
    if (log.enabled(level)) (this.#taskId === '' ? log : log.forTask(this.#taskId)).write(level, text)
  }

  #endIfDone(): void {
    if (!this.#output.blocked && (this.#mode === 'command' || this.#mode === 'data')) this.#end('closed')
  }

  /** Say the last words and close our side; the socket goes when the client has closed its own. */
  #end(reason: SessionEnd['reason'], last = ''): void {
    if (this.#mode === 'ended') return
    this.#reason ??= reason
    this.#mode = 'ended'
    this.#reception?.discard()
    if (this.#socket.destroyed) return
    this.#socket.setTimeout(LINGER_MS)
    // The child need not wait until the client has closed its side, too.
    this.#output.add(last)
    this.#output.end(() => {
      this.#finish()
      // After QUIT there is nothing to wait for; many clients close without reading our answer.
      if (reason === 'quit') this.#socket.destroy()
    })
    this.#input.take()
    this.#socket.resume()
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
    this.#log(3, `session ended: ${this.#reason ?? 'closed'}`)
    this.#resolve({transactions: this.#transactions, reason: this.#reason ?? 'closed'})
  }
}
