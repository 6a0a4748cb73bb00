/**
 * session — a conversation in AM.PDP: requests in, one after the other, a response to each (spec/daemon §5).
 *
 * The client is a milter or a program on this machine that has the mail in a file, or one that wants a mail out of
 * quarantine.
 */
import type {Socket} from 'node:net'
import {errorText} from '../../errors.ts'
import {Timing} from '../../log/timing.ts'
import type {XforwardName} from '../../message/envelope.ts'
import type {SessionDeps, SessionEnd} from '../conversation.ts'
import {logOf} from '../debugged.ts'
import type {ReleaseRequest} from '../release.ts'
import {innerFailure, runFilter} from '../smtp/outcome.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import {AttributeReader, type Attributes, one, plain} from './attributes.ts'
import {readMailFile, removeFolder} from './mail-file.ts'
import {failureText, responseText} from './response.ts'

/** s; `$smtpd_timeout` where that is not set */
const USUAL_TIMEOUT = 480

/** Resolves when the conversation is over. */
export function serveAmPdp(socket: Socket, deps: SessionDeps): Promise<SessionEnd> {
  return new AmPdpSession(socket, deps).run()
}

class AmPdpSession {
  readonly #socket: Socket
  readonly #deps: SessionDeps
  readonly #reader = new AttributeReader()
  #transactions = 0
  /** a request is being answered, or waits for it */
  #isAnswering = false
  #reason: SessionEnd['reason'] = 'closed'

  constructor(socket: Socket, deps: SessionDeps) {
    this.#socket = socket
    this.#deps = deps
  }

  async run(): Promise<SessionEnd> {
    const socket = this.#socket
    const deps = this.#deps
    deps.taskIds.beginConnection()
    socket.on('error', () => socket.destroy())
    const seconds = deps.settings.number('$smtpd_timeout') ?? USUAL_TIMEOUT
    socket.setTimeout(seconds * 1000, () => {
      this.#reason = 'timeout'
      socket.destroy()
    })
    const leave = () => {
      if (this.#reader.isInside || this.#isAnswering) return
      this.#reason = 'stopped'
      socket.end()
    }
    deps.stop?.addEventListener('abort', leave)
    try {
      for await (const chunk of socket.iterator({destroyOnReturn: false})) {
        this.#isAnswering = true
        for (const request of this.#reader.push(chunk as Buffer)) {
          if (request.kind === 'too long') {
            deps.log.write(-1, 'AM.PDP: the request is too long')
            this.#reason = 'protocol'
            socket.destroy()
            break
          }
          for (const problem of request.problems) deps.log.write(-1, `AM.PDP: ${problem}, ignored`)
          socket.setTimeout(0)
          const answer = await this.#answer(request.attributes)
          if (!socket.destroyed) socket.write(answer, 'latin1')
          socket.setTimeout(seconds * 1000)
        }
        this.#isAnswering = false
        if (deps.stop?.aborted) leave()
      }
    } catch (error) {
      // A client that has gone has the mail.
      if (!socket.destroyed) deps.log.write(-2, `AM.PDP: ${errorText(error)}`)
    } finally {
      deps.stop?.removeEventListener('abort', leave)
      // what was answered last is still on its way
      socket.destroySoon()
    }
    return {transactions: this.#transactions, reason: this.#reason}
  }

  async #answer(attributes: Attributes): Promise<string> {
    const request = one(attributes, 'request') ?? ''
    switch (request) {
      case 'AM.PDP':
        return await this.#check(attributes)
      case 'smtpd_access_policy':
        return 'action=DUNNO\r\n\r\n'
      case 'release':
      case 'requeue':
      case 'report':
        return await this.#release(request, attributes)
      default:
        this.#deps.log.write(-1, `AM.PDP: request "${request}" is not available`)
        return failureText({
          code: 450,
          enhanced: '4.5.0',
          text: `Failure: request ${request} is not available`,
        })
    }
  }

  async #release(kind: ReleaseRequest['kind'], attributes: Attributes): Promise<string> {
    const {release, settings} = this.#deps
    // Few sockets are for those who ask this.
    const {releaseRequest, releaseResponse} = await import('./release.ts')
    return releaseResponse(await release(releaseRequest(kind, attributes, settings)))
  }

  async #check(attributes: Attributes): Promise<string> {
    const {taskIds, settings, log, publisher, spool, clock = Date.now} = this.#deps
    const folder = one(attributes, 'tempdir')
    const name = folder && /([A-Za-z0-9]+)\/?$/.exec(folder)?.[1]
    const taskId = name ? taskIds.named(name) : taskIds.next()
    const deliveredBy = one(attributes, 'delivery_care_of') === 'server' ? 'us' : 'client'
    const insertAt = settings.number('$prepend_header_fields_hdridx') ?? 0
    const respond = (outcome: Outcome) => responseText({taskId, outcome, insertAt})
    const sender = one(attributes, 'sender')
    const recipients = attributes.get('recipient') ?? []
    const file = one(attributes, 'mail_file') ?? (folder === undefined ? undefined : `${folder}/email.txt`)
    if (sender === undefined || recipients.length === 0 || file === undefined) {
      const missing = sender === undefined ? 'sender' : recipients.length === 0 ? 'recipient' : 'mail text'
      log.forTask(taskId).write(-1, `AM.PDP: the request has no ${missing}`)
      return respond(same(`Missing ${missing}, id=${taskId}`))
    }
    publisher.state('b', taskId)
    const roots = ['$TEMPBASE', '$MYHOME'].flatMap(root => settings.string(root as `$${string}`) ?? [])
    const timing = new Timing()
    this.#transactions++
    let isKept = false
    try {
      const {octets, data} = await readMailFile(file, roots, spool)
      timing.mark('got data')
      const addresses = recipients.map(plain)
      const mail: Transaction = {
        taskId,
        envelope: {
          sender: plain(sender),
          recipients: addresses.map(address => ({address, orcpt: undefined, notify: undefined})),
          declaredSize: undefined,
          body: undefined,
          smtputf8: /[^\x00-\x7f]/.test(sender + addresses.join('')),
          ret: undefined,
          envid: undefined,
        },
        client: clientOf(attributes, this.#socket),
        listener: this.#deps.listener,
        protocol: '',
        octets,
        data,
        receivedAt: clock(),
        timing,
        settings,
        deliveredBy,
        requestedBanks: attributes.get('policy_bank')?.join(',') ?? '',
        async preserve(reason) {
          isKept = true
          return spool.preserve(reason, octets)
        },
      }
      try {
        const outcome = await new Promise<Outcome>(resolve => runFilter(mail, this.#deps, resolve))
        timing.mark('rundown')
        const own = logOf(mail, log)
        if (own.enabled(2)) own.write(2, `size: ${octets.size}, ${timing.report()}`)
        return respond(outcome)
      } finally {
        spool.release(octets)
      }
    } catch (error) {
      log.forTask(taskId).write(-1, `AM.PDP: ${errorText(error)}`)
      return respond(innerFailure(error, taskId, log))
    } finally {
      const isOurs = folder !== undefined && one(attributes, 'tempdir_removed_by') !== 'client'
      if (isOurs && !isKept) await removeFolder(folder, roots)
    }
  }
}

function same(text: string): Outcome {
  return {reply: {code: 450, enhanced: '4.5.0', text}, perRecipient: []}
}

/** What the MTA knows of the mail's client, by the names of XFORWARD. */
const CLIENT_NAMES: readonly (readonly [attribute: string, name: XforwardName])[] = [
  ['client_address', 'ADDR'],
  ['client_name', 'NAME'],
  ['client_port', 'PORT'],
  ['client_source', 'SOURCE'],
  ['helo_name', 'HELO'],
  ['protocol_name', 'PROTO'],
  ['queue_id', 'IDENT'],
]

function clientOf(attributes: Attributes, socket: Socket): Transaction['client'] {
  const forwarded = new Map(
    CLIENT_NAMES.flatMap(([attribute, name]) => {
      const value = one(attributes, attribute)
      return value === undefined || value === '' || value === '[UNAVAILABLE]' ? [] : [[name, value] as const]
    }),
  )
  return {
    socketAddress: socket.remoteAddress,
    socketPort: socket.remotePort,
    helo: one(attributes, 'helo_name'),
    forwarded,
  }
}
