/**
 * session — a conversation with an MTA that has us as its milter: it tells a mail as it comes, and asks at the end.
 *
 * Of the connection we keep who the client is; of a mail, its envelope, its fields and its body. Every event that is
 * owed a reply gets one, in whatever order they come. What is decided, is decided at the end of the mail, by the same
 * pipeline as everywhere; while it works, the MTA is told so. Source: spec/milter §6.
 */
import type {Socket} from 'node:net'
import {errorText} from '../../errors.ts'
import {Timing} from '../../log/timing.ts'
import type {Client, XforwardName} from '../../message/envelope.ts'
import type {SessionDeps, SessionEnd} from '../conversation.ts'
import {logOf} from '../debugged.ts'
import {innerFailure, runFilter, same} from '../smtp/outcome.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import {type Connect, readConnect} from './connect.ts'
import {type Frame, FrameReader, frame, strings} from './frames.ts'
import {Incoming, receivedLine} from './incoming.ts'
import {Macros} from './macros.ts'
import {MANNERS, type Manners} from './manners.ts'
import {ACTION, LEADING_SPACE, type Negotiated, negotiate, negotiationReply, QUIET} from './negotiation.ts'
import {refusedEdits, replyFrame, verdictFrames} from './verdict.ts'

/** Once we are to end, an MTA that is silent for so long between two mails is left. */
const LEAVE_MS = 60_000

/** Resolves when the conversation is over. */
export function serveMilter(socket: Socket, deps: SessionDeps): Promise<SessionEnd> {
  return new MilterSession(socket, deps).run()
}

/** A mail that is being told. */
interface Mail {
  readonly incoming: Incoming
  readonly taskId: string
  readonly timing: Timing
  readonly receivedAt: number
  hasContent: boolean
}

class MilterSession {
  readonly #socket: Socket
  readonly #deps: SessionDeps
  readonly #manners: Manners
  readonly #macros = new Macros()
  #negotiated: Negotiated | undefined
  #connect: Connect | undefined
  #helo: string | undefined
  #mail: Mail | undefined
  #transactions = 0
  #unread: NodeJS.Timeout | undefined
  #reason: SessionEnd['reason'] = 'closed'

  constructor(socket: Socket, deps: SessionDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#manners = deps.manners ?? MANNERS
  }

  async run(): Promise<SessionEnd> {
    const socket = this.#socket
    const {taskIds, stop, log} = this.#deps
    taskIds.beginConnection()
    socket.on('error', () => socket.destroy())
    const idle = () => {
      this.#reason = stop?.aborted ? 'stopped' : 'timeout'
      socket.destroy()
    }
    socket.setTimeout(this.#manners.idleMs, idle)
    const leave = () => {
      if (this.#mail === undefined) socket.setTimeout(LEAVE_MS)
    }
    stop?.addEventListener('abort', leave)
    const reader = new FrameReader(this.#manners.largestFrame)
    try {
      for await (const chunk of socket.iterator({destroyOnReturn: false})) {
        for (const next of reader.push(chunk as Buffer)) {
          const going = next === 'broken' ? 'broken' : await this.#take(next)
          if (going === 'on') continue
          if (going === 'broken') {
            this.#reason = 'protocol'
            log.write(
              -1,
              `milter: ${next === 'broken' ? 'no frame' : `event ${shown(next.command)}`}, closing`,
            )
          } else this.#reason = 'quit'
          return {transactions: this.#transactions, reason: this.#reason}
        }
        if (stop?.aborted) leave()
      }
    } catch (error) {
      // An MTA that has gone has the mail; and so has one that we leave.
      if (!socket.destroyed) log.write(-2, `milter: ${errorText(error)}`)
    } finally {
      stop?.removeEventListener('abort', leave)
      this.#drop()
      clearTimeout(this.#unread)
      // what was answered last is still on its way
      socket.destroySoon()
    }
    return {transactions: this.#transactions, reason: this.#reason}
  }

  /** Each event once; `broken` where nothing that follows can be trusted. */
  async #take({command, data}: Frame): Promise<'on' | 'quit' | 'broken'> {
    if (this.#negotiated === undefined && command !== 'O') return command === 'Q' ? 'quit' : 'broken'
    switch (command) {
      case 'O':
        return this.#negotiate(data)
      case 'D':
        return this.#macros.store(data) ? 'on' : 'broken'
      case 'C':
        return this.#connected(data)
      case 'H':
        return this.#greeted(data)
      case 'M':
        return this.#begin(data)
      case 'R':
        return this.#recipient(data)
      case 'L':
        return await this.#field(data)
      case 'T':
      case 'U':
        return this.#answer(command, command === 'U' || this.#mail !== undefined)
      case 'N':
        this.#mail?.incoming.endHeader()
        return this.#answer(command, this.#mail !== undefined)
      case 'B':
        return await this.#body(data)
      case 'E':
        return await this.#end(data)
      case 'A':
        this.#drop()
        return 'on'
      case 'K':
        this.#drop()
        this.#connect = undefined
        this.#helo = undefined
        this.#macros.clearAfter('C')
        return 'on'
      case 'Q':
        return 'quit'
      default:
        return 'broken'
    }
  }

  #negotiate(offer: Buffer): 'on' | 'broken' {
    const agreed = negotiate(offer, this.#manners)
    if (!agreed) return 'broken'
    this.#negotiated = agreed
    this.#send(negotiationReply(agreed))
    return 'on'
  }

  #connected(data: Buffer): 'on' | 'broken' {
    const connect = readConnect(data)
    if (!connect) return 'broken'
    this.#drop()
    this.#connect = connect
    this.#helo = undefined
    this.#macros.clearAfter('C')
    return this.#answer('C')
  }

  #greeted(data: Buffer): 'on' | 'broken' {
    const list = strings(data)
    if (list === undefined || list.length === 0) return 'broken'
    this.#drop()
    this.#helo = list[0]!.toString('latin1')
    this.#macros.clearAfter('H')
    return this.#answer('H')
  }

  #begin(data: Buffer): 'on' | 'broken' {
    const list = strings(data)
    if (list === undefined || list.length === 0) return 'broken'
    this.#drop()
    if (!this.#connect) return this.#answer('M', false)
    this.#macros.clearAfter('M')
    const {taskIds, publisher, spool, settings, clock = Date.now} = this.#deps
    const limit = settings.number('$smtpd_message_size_limit')
    const taskId = taskIds.next()
    publisher.state('m', taskId)
    this.#mail = {
      incoming: new Incoming(list, {
        spool,
        sizeLimit: limit !== undefined && limit > 0 ? limit : undefined,
        leadingSpace: (this.#negotiated!.protocol & LEADING_SPACE) !== 0,
      }),
      taskId,
      timing: new Timing(),
      receivedAt: clock(),
      hasContent: false,
    }
    return this.#answer('M')
  }

  #recipient(data: Buffer): 'on' | 'broken' {
    const list = strings(data)
    if (list === undefined || list.length === 0) return 'broken'
    // With RCPT_REJ the MTA tells of those that it has refused itself.
    if (this.#macros.get('rcpt_mailer') !== 'error') this.#mail?.incoming.addRecipient(list)
    return this.#answer('R', this.#mail !== undefined)
  }

  async #field(data: Buffer): Promise<'on' | 'broken'> {
    const list = strings(data)
    if (list === undefined || list.length < 2) return 'broken'
    const mail = this.#mail
    if (mail) {
      this.#beginContent(mail)
      mail.incoming.addField(list[0]!, list[1]!)
      await mail.incoming.wait
    }
    return this.#answer('L', mail !== undefined)
  }

  async #body(data: Buffer): Promise<'on' | 'broken'> {
    const mail = this.#mail
    if (mail) {
      this.#beginContent(mail)
      mail.incoming.addBody(data)
      await mail.incoming.wait
    }
    return this.#answer('B', mail !== undefined)
  }

  /** The mail's own content is about to come: who brought it stands above it. */
  #beginContent(mail: Mail): void {
    if (mail.hasContent) return
    mail.hasContent = true
    this.#deps.publisher.state('d', mail.taskId)
    const client = this.#client()
    mail.incoming.addReceived(receivedLine(client, this.#macros.get('j'), this.#protocol(), mail.receivedAt))
  }

  async #end(data: Buffer): Promise<'on' | 'broken'> {
    const mail = this.#mail
    if (!mail) return this.#answer('E', false)
    if (data.length > 0) await this.#lastChunk(mail, data)
    this.#beginContent(mail)
    this.#mail = undefined
    const socket = this.#socket
    socket.setTimeout(0)
    const working = setInterval(() => this.#send(frame('p')), this.#manners.progressMs)
    try {
      const outcome = await this.#check(mail)
      if (outcome.isFailure && this.#manners.onFailure === 'accept') {
        this.#deps.log
          .forTask(mail.taskId)
          .write(-1, 'milter: the checks failed, mail passes UNCHECKED (on_failure)')
        this.#send(frame('a'))
        this.#deps.answered?.()
        return 'on'
      }
      const negotiated = this.#negotiated!
      const refused = refusedEdits(outcome, negotiated)
      if (refused !== undefined)
        this.#deps.log.forTask(mail.taskId).write(-1, `milter: the MTA takes no ${refused}, not done`)
      const insertAt = this.#deps.settings.number('$prepend_header_fields_hdridx') ?? 0
      const argumentOf = (address: string) => mail.incoming.argumentOf(address)
      this.#send(verdictFrames({outcome, negotiated, insertAt, argumentOf}))
      this.#deps.answered?.()
    } finally {
      clearInterval(working)
      socket.setTimeout(this.#manners.idleMs)
    }
    return 'on'
  }

  /** Old MTAs hand the last chunk over with the end. */
  async #lastChunk(mail: Mail, data: Buffer): Promise<void> {
    this.#beginContent(mail)
    mail.incoming.addBody(data)
    await mail.incoming.wait
  }

  async #check({incoming, taskId, timing, receivedAt}: Mail): Promise<Outcome> {
    const {log, spool, settings, listener, publisher} = this.#deps
    if (incoming.recipientCount === 0)
      return same({code: 451, enhanced: '4.5.0', text: `No recipients, id=${taskId}`})
    if (incoming.tooLong)
      return same({code: 552, enhanced: '5.3.4', text: `Message size exceeds fixed limit, id=${taskId}`})
    this.#transactions++
    let octets: Transaction['octets'] | undefined
    try {
      const content = await incoming.finish()
      octets = content.octets
      timing.mark('got data')
      publisher.state('=', taskId)
      const mail: Transaction = {
        taskId,
        envelope: incoming.envelope(),
        client: this.#client(),
        listener,
        protocol: '',
        octets: content.octets,
        data: content.data,
        receivedAt,
        timing,
        settings,
        deliveredBy: 'client',
        answerWithinMs: this.#manners.contentMs,
        canHold: (this.#negotiated!.actions & ACTION.hold) !== 0,
        takesBody: (this.#negotiated!.actions & ACTION.changeBody) !== 0,
        requestedBanks: this.#authBanks(),
        preserve: async reason => spool.preserve(reason, content.octets),
      }
      const outcome = await new Promise<Outcome>(resolve => runFilter(mail, this.#deps, resolve))
      timing.mark('rundown')
      const own = logOf(mail, log)
      if (own.enabled(2)) own.write(2, `size: ${content.octets.size}, ${timing.report()}`)
      return outcome
    } catch (error) {
      log.forTask(taskId).write(-1, `milter: ${errorText(error)}`)
      return innerFailure(error, taskId, log)
    } finally {
      if (octets) spool.release(octets)
      publisher.state('.', taskId)
    }
  }

  /** Who has authenticated is of the banks that amavisd-milter asks for, too (spec/milter §13.1). */
  #authBanks(): string {
    const type = this.#macros.get('auth_type')
    return type === undefined || type === '' ? '' : `SMTP_AUTH,SMTP_AUTH_${type.replace(/[^\w-]/g, '')}`
  }

  #client(): Client {
    const {address, port, host} = this.#connect ?? {address: undefined, port: undefined, host: ''}
    const forwarded = new Map<XforwardName, string>()
    const tell = (name: XforwardName, value: string | undefined) => {
      if (value !== undefined && value !== '') forwarded.set(name, value)
    }
    tell('NAME', /^\[/.test(host) ? undefined : host)
    tell('ADDR', address)
    tell('PORT', port === undefined || port === 0 ? undefined : String(port))
    tell('HELO', this.#helo)
    tell('PROTO', this.#protocol())
    tell('IDENT', this.#macros.get('i'))
    return {
      socketAddress: this.#socket.remoteAddress,
      socketPort: this.#socket.remotePort,
      helo: this.#helo,
      user: this.#macros.get('auth_authen'),
      forwarded,
    }
  }

  #protocol(): string {
    return this.#macros.get('r') ?? 'ESMTP'
  }

  /** An MTA that leaves what we say unread is left itself. */
  #send(octets: Buffer): void {
    const socket = this.#socket
    if (!socket.writable || socket.write(octets) || this.#unread) return
    this.#unread = setTimeout(() => socket.destroy(), this.#manners.writeMs)
    socket.once('drain', () => {
      clearTimeout(this.#unread)
      this.#unread = undefined
    })
  }

  /** The mail in hand is none: nothing of it stays. */
  #drop(): void {
    this.#mail?.incoming.discard()
    this.#mail = undefined
  }

  /** The reply that an event is owed, unless it was agreed that there is none. */
  #answer(command: string, inOrder = true): 'on' {
    const quiet = (this.#negotiated!.protocol & (QUIET[command] ?? 0)) !== 0
    if (!inOrder) this.#deps.log.write(1, `milter: event ${shown(command)} outside a mail`)
    if (!quiet) this.#send(inOrder ? frame('c') : replyFrame(OUT_OF_ORDER))
    return 'on'
  }
}

const OUT_OF_ORDER = {code: 451, enhanced: '4.5.0', text: 'Out of order'} as const

function shown(command: string): string {
  return /^[!-~]$/.test(command) ? command : `0x${command.charCodeAt(0).toString(16)}`
}
