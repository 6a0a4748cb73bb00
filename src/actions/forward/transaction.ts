/**
 * transaction — one mail transaction with a next hop: MAIL, RCPT, DATA, content, and what was said to it.
 *
 * With PIPELINING all commands go in one write and their replies are read in order. A recipient has 2xx
 * only from the reply to the final dot. When the connection breaks before the final dot was sent nothing
 * has been committed; after it everything is uncertain, and the client keeps the mail.
 */
import {createReadStream} from 'node:fs'
import {AmavisError, errorText, type SmtpReply} from '../../errors.ts'
import type {Timing} from '../../log/timing.ts'
import type {Recipient} from '../../message/envelope.ts'
import {mailCommand, rcptCommand, xforwardLines} from './commands.ts'
import {type Connection, TIMEOUTS} from './connection.ts'
import type {Delivery, RecipientResult} from './delivery.ts'
import {
  broken,
  fromRemote,
  givingUp,
  innerFailure,
  noAnswerToDot,
  queueId,
  type Section,
  timedOut,
} from './mapping.ts'
import {remoteOf} from './method.ts'
import type {RemoteReply} from './reply-reader.ts'
import {DotStuffer} from './stuffing.ts'

export interface TransactionOptions {
  readonly timing: Timing
  /** the time limit for a step, given the usual one; ms */
  readonly left: (most: number) => number
  /** send QUIT right after the dot */
  readonly last: boolean
}

export type Transacted =
  /** a result for each recipient; undefined: the next hop wants it in another transaction */
  | {
      readonly kind: 'done'
      readonly results: readonly (RecipientResult | undefined)[]
      /** MAIL options as logged */
      readonly options: string
      /** QUIT was sent */
      readonly quit: boolean
    }
  /** the connection was dead or dying before anything was committed */
  | {readonly kind: 'lost'; readonly results: readonly (RecipientResult | undefined)[]}

export function transact(
  connection: Connection,
  delivery: Delivery,
  recipients: readonly Recipient[],
  options: TransactionOptions,
): Promise<Transacted> {
  return new OutgoingTransaction(connection, delivery, recipients, options).run()
}

class OutgoingTransaction {
  readonly #connection: Connection
  readonly #delivery: Delivery
  readonly #recipients: readonly Recipient[]
  readonly #options: TransactionOptions
  readonly #results: (RecipientResult | undefined)[]
  #section: Section = 'fwd-mail-pip'
  #committed = false
  /** said 421 to MAIL */
  #dying = false
  #dsn = false
  #logged = ''
  #quit = false

  constructor(
    connection: Connection,
    delivery: Delivery,
    recipients: readonly Recipient[],
    options: TransactionOptions,
  ) {
    this.#connection = connection
    this.#delivery = delivery
    this.#recipients = recipients
    this.#options = options
    this.#results = new Array<RecipientResult | undefined>(recipients.length)
  }

  async run(): Promise<Transacted> {
    try {
      await this.#begin()
    } catch (error) {
      const failure = this.#failed(error)
      if (!this.#committed && error instanceof AmavisError && error.code === 'AM_PROTOCOL') {
        return {kind: 'lost', results: this.#recipients.map(() => failure)}
      }
      this.#rest(failure)
    }
    const results = this.#results
    if (this.#dying) return {kind: 'lost', results}
    return {kind: 'done', results, options: this.#logged, quit: this.#quit}
  }

  #begin(): Promise<void> | undefined {
    const {extensions} = this.#connection
    const mail = mailCommand(this.#delivery, extensions)
    if ('refusal' in mail) {
      this.#rest(ours(mail.refusal))
      return undefined
    }
    this.#logged = mail.logged
    this.#dsn = mail.dsn
    const commands: string[] = []
    const named: number[] = []
    this.#recipients.forEach((recipient, i) => {
      const command = rcptCommand(recipient, this.#delivery, mail.dsn, extensions)
      if (typeof command !== 'string') this.#results[i] = ours(command.refusal)
      else {
        commands.push(command)
        named.push(i)
      }
    })
    if (named.length === 0) return undefined
    this.#delivery.count('OutConnTransact')
    const before = xforwardLines(this.#delivery.xforward, extensions)
    if (this.#connection.unfinished) before.unshift('RSET')
    this.#connection.unfinished = false
    return extensions.has('PIPELINING')
      ? this.#pipelined(before, mail.line, commands, named)
      : this.#stepwise(before, mail.line, commands, named)
  }

  /** @param before RSET and XFORWARD, where there is need of them; their answers do not matter */
  async #pipelined(
    before: readonly string[],
    sender: string,
    commands: readonly string[],
    named: readonly number[],
  ): Promise<void> {
    const {timing} = this.#options
    this.#say(`${[...before, sender, ...commands].join('\r\n')}\r\nDATA`)
    if (before.length > 0) {
      await this.#replies(before.length, TIMEOUTS.command)
      timing.mark('fwd-xforward')
    }
    const [mail] = await this.#replies(1, TIMEOUTS.command)
    timing.mark('fwd-mail-pip')
    this.#section = 'fwd-rcpt-pip'
    const answers = await this.#replies(named.length, TIMEOUTS.command)
    timing.mark('fwd-rcpt-pip')
    this.#section = 'fwd-data-chkpnt'
    const [data] = await this.#replies(1, TIMEOUTS.data)
    timing.mark('fwd-data-chkpnt')
    if (mail!.code === 421) this.#dying = true
    if (mail!.code >= 300) this.#setAll(named, this.#said(mail!, 'fwd-mail-pip'))
    else
      for (const [n, answer] of answers.entries()) this.#recipientAnswered(named[n]!, answer, 'fwd-rcpt-pip')
    const accepted = named.filter(i => this.#results[i] === undefined)
    if (data!.code !== 354) {
      this.#connection.unfinished = true
      this.#setAll(accepted, this.#said(data!, 'fwd-data-chkpnt'))
    } else if (accepted.length === 0 && answers.every(answer => answer.code >= 300)) {
      // It accepts DATA for nobody: an empty mail ends that (spec/daemon, Session details).
      this.#say('.')
      await this.#replies(1, TIMEOUTS.dot)
    } else if (accepted.length === 0 || this.#mustAbort()) {
      // It waits for the content of a mail that must not be sent; there is no other way back.
      this.#connection.destroy()
      this.#setAll(accepted, ours(givingUp(this.#delivery.taskId)))
    } else await this.#content(accepted)
  }

  async #stepwise(
    before: readonly string[],
    mail: string,
    commands: readonly string[],
    named: readonly number[],
  ): Promise<void> {
    const {timing} = this.#options
    this.#section = 'fwd-mail-from'
    for (const line of before) {
      this.#say(line)
      await this.#replies(1, TIMEOUTS.command)
    }
    if (before.length > 0) timing.mark('fwd-xforward')
    this.#say(mail)
    const [sender] = await this.#replies(1, TIMEOUTS.command)
    timing.mark('fwd-mail-from')
    if (sender!.code === 421) this.#dying = true
    if (sender!.code >= 300) {
      this.#connection.unfinished = true
      this.#setAll(named, this.#said(sender!, 'fwd-mail-from'))
      return
    }
    this.#section = 'fwd-rcpt-to'
    for (const [n, command] of commands.entries()) {
      this.#say(command)
      const [answer] = await this.#replies(1, TIMEOUTS.command)
      this.#recipientAnswered(named[n]!, answer!, 'fwd-rcpt-to')
    }
    timing.mark('fwd-rcpt-to')
    const accepted = named.filter(i => this.#results[i] === undefined)
    if (accepted.length === 0 || this.#mustAbort()) {
      this.#connection.unfinished = true
      this.#setAll(accepted, ours(givingUp(this.#delivery.taskId)))
      return
    }
    this.#section = 'fwd-data-chkpnt'
    this.#say('DATA')
    const [data] = await this.#replies(1, TIMEOUTS.data)
    timing.mark('fwd-data-cmd')
    if (data!.code === 354) await this.#content(accepted)
    else {
      this.#connection.unfinished = true
      this.#setAll(accepted, this.#said(data!, 'fwd-data-chkpnt'))
    }
  }

  async #content(accepted: readonly number[]): Promise<void> {
    const {timing, left} = this.#options
    this.#section = 'fwd-data-contents'
    // Those that are told to come again later still need the connection.
    this.#quit = this.#options.last && this.#results.every(result => !wantsAnother(result))
    const whole = this.#delivery.octets.memory
      ? this.#sendMemory(this.#delivery.octets.memory)
      : await this.#sendFile()
    timing.mark('fwd-data-contents')
    this.#section = 'fwd-end-chkpnt'
    if (whole && this.#connection.target.protocol === 'lmtp') await this.#eachAnswered(accepted)
    else {
      const [reply] = await this.#connection.replies(1, left(whole ? TIMEOUTS.dot : 1))
      if (!whole) this.#connection.destroy()
      this.#setAll(accepted, this.#said(reply!, whole ? 'fwd-end-chkpnt' : 'fwd-data-contents'))
    }
    timing.mark('fwd-end-chkpnt')
    if (accepted.some(i => (this.#results[i]?.reply.code ?? 500) < 300)) this.#split()
  }

  /** LMTP: an answer for each accepted recipient, in order (RFC 2033 §4.2); what came before a failure counts. */
  async #eachAnswered(accepted: readonly number[]): Promise<void> {
    const {left} = this.#options
    const until = performance.now() + left(TIMEOUTS.dot)
    for (const i of accepted) {
      const reply = await this.#connection.reply(Math.max(1, until - performance.now()))
      this.#results[i] = this.#said(reply, 'fwd-end-chkpnt')
    }
  }

  #sendMemory(memory: Buffer): true {
    const stuffer = new DotStuffer()
    const pieces: Buffer[] = []
    stuffer.push(this.#delivery.head, pieces)
    stuffer.push(memory.subarray(this.#delivery.from), pieces)
    this.#sendLast(pieces, stuffer)
    return true
  }

  /** @returns false when the peer spoke before it had all */
  async #sendFile(): Promise<boolean> {
    const {head, octets, from} = this.#delivery
    const connection = this.#connection
    const stuffer = new DotStuffer()
    const pieces: Buffer[] = []
    stuffer.push(head, pieces)
    if (octets.path !== undefined) {
      for await (const chunk of createReadStream(octets.path, {start: from, highWaterMark: 256 * 1024})) {
        stuffer.push(chunk as Buffer, pieces)
        if (!connection.writeAll(pieces.splice(0))) {
          await connection.drained(this.#options.left(TIMEOUTS.transfer))
        }
        if (connection.failure && !connection.spoken) throw connection.failure
        if (connection.spoken) return false
      }
    }
    this.#sendLast(pieces, stuffer)
    return true
  }

  #sendLast(pieces: readonly Buffer[], stuffer: DotStuffer): void {
    this.#committed = true
    this.#connection.writeAll(pieces, this.#quit ? `${stuffer.end()}QUIT\r\n` : stuffer.end())
  }

  /** A command line, or several. */
  #say(lines: string): void {
    this.#connection.write(`${lines}\r\n`, this.#delivery.smtputf8 ? 'utf8' : 'latin1')
  }

  #replies(count: number, most: number): Promise<RemoteReply[]> {
    return this.#connection.replies(count, this.#options.left(most))
  }

  #recipientAnswered(i: number, answer: RemoteReply, section: Section): void {
    if (answer.code >= 300) this.#results[i] = this.#said(answer, section)
  }

  /** A temporary refusal that a further transaction will not cure. */
  #mustAbort(): boolean {
    if (!this.#delivery.abortOnTempfail) return false
    return this.#results.some(result => result !== undefined && isTemporary(result) && !wantsAnother(result))
  }

  /** Too many recipients at a time: the others go in a transaction of their own. */
  #split(): void {
    this.#results.forEach((result, i) => {
      if (wantsAnother(result)) this.#results[i] = undefined
    })
  }

  #said(reply: RemoteReply, section: Section): RecipientResult {
    const {target} = this.#connection
    const mapped = fromRemote(target, reply, section)
    const delivered = mapped.code < 300
    return {
      reply: mapped,
      remote: remoteOf(target, reply),
      queuedAs: delivered ? queueId(reply) : undefined,
      dsnPassedOn: delivered && this.#dsn,
    }
  }

  #setAll(indices: readonly number[], result: RecipientResult): void {
    for (const i of indices) this.#results[i] = result
  }

  /** For those whose fate is not yet known. */
  #rest(result: RecipientResult): void {
    for (let i = 0; i < this.#results.length; i++) this.#results[i] ??= result
  }

  #failed(error: unknown): RecipientResult {
    const {log, taskId} = this.#delivery
    const {target} = this.#connection
    // Content without an end must never be taken for a mail.
    this.#connection.destroy()
    const uncertain = this.#committed ? ', transaction state uncertain' : ''
    log.write(-1, `${target.label} during ${this.#section}: ${errorText(error)}${uncertain}`)
    if (this.#committed) return ours(noAnswerToDot(target))
    if (!(error instanceof AmavisError)) return ours(innerFailure(taskId))
    return ours((error.code === 'AM_TIMEOUT' ? timedOut : broken)(target, this.#section, taskId))
  }
}

function ours(reply: SmtpReply): RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
}

function isTemporary({reply}: RecipientResult): boolean {
  return reply.code >= 400 && reply.code < 500
}

/** RFC 5321 §4.5.3.1.10: 452, and nothing that says another reason. */
function wantsAnother(result: RecipientResult | undefined): boolean {
  return result?.reply.code === 452 && /^4\.(?:5\.3|1\.0)$/.test(result.reply.enhanced)
}
