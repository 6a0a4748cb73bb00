/**
 * spamd-client — the module SpamdClient of `@spam_scanners`: asks a SpamAssassin daemon.
 *
 * A connection for each question (spamd closes it after its answer). Servers are asked in turn until one
 * answers; one that refuses is left alone for seconds, one that hangs for longer. Everything that goes wrong is
 * a value: the mail goes on without the points.
 * Source: spec/daemon §10.4; spamd/PROTOCOL of SpamAssassin 4.0.
 */
import net from 'node:net'
import tls from 'node:tls'
import {errorText} from '../../../errors.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {timesFactor} from '../scan.ts'
import {bodyLimit, scannedText} from '../scanned-text.ts'
import type {ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {
  Breakers,
  HUNG_PAUSE_MS,
  REFUSED_PAUSE_MS,
  type Server,
  type ServerDefaults,
  serversOf,
  serverText,
} from '../servers.ts'
import {type ScanUser, scanUsers} from '../users.ts'
import {type Answer, COMMANDS, type Command, parseAnswer} from './answer.ts'

const CONNECT_LIMIT_MS = 5000
const LARGEST_ANSWER = 1024 * 1024
/** As in the original, which asks nobody else. */
export const DEFAULTS: ServerDefaults = {hosts: ['127.0.0.1', '::1'], port: 783}

export interface SpamdClientDeps {
  readonly connect?: (server: Server) => net.Socket
  readonly now?: () => number
}

/** @throws Error when its options make no sense, or the file of certificates cannot be read */
export function spamdClient(entry: SpamScannerEntry, deps: SpamdClientDeps = {}): SpamScanner {
  return new SpamdClient(entry, deps)
}

class SpamdClient implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly #entry: SpamScannerEntry
  readonly #servers: readonly Server[]
  readonly #command: Command
  readonly #breakers: Breakers
  readonly #connect: (server: Server) => net.Socket

  constructor(
    entry: SpamScannerEntry,
    {connect = connectTo, now = () => performance.now()}: SpamdClientDeps,
  ) {
    this.name = entry.name
    this.#entry = entry
    this.#servers = serversOf(entry.options, DEFAULTS)
    this.#command = commandOf(entry)
    this.#breakers = new Breakers(now)
    this.#connect = connect
    this.description = `${entry.name}: spamd at ${this.#servers.map(serverText).join(', ')}`
  }

  async scan(mail: SpamMail, context: ScanContext): Promise<SpamResult> {
    const end = performance.now() + context.timeoutMs
    const text = scannedText(mail, bodyLimit(this.#entry.bodySizeLimit, mail.settings))
    const answers: SpamAnswer[] = []
    for (const user of scanUsers(mail.envelope, mail.settings)) {
      const answer = await this.#ask(requestOf(this.#command, text.octets, user), end, context)
      if (answer.kind === 'failed') return answer
      const report = {...answer.report, scanner: this.name}
      answers.push({report: timesFactor(report, this.#entry.scoreFactor), recipients: user.recipients})
    }
    return {kind: 'scanned', answers}
  }

  /** The first answer of a server; each gets half of the time that is left, the last all of it. */
  async #ask(request: readonly Buffer[], end: number, {log}: ScanContext): Promise<Answer> {
    const servers = this.#breakers.usable(this.#servers)
    let reason = 'every spamd has failed a moment ago'
    for (const [index, server] of servers.entries()) {
      const left = Math.max(1, end - performance.now())
      const timeoutMs = index === servers.length - 1 ? left : left / 2
      const exchanged = await exchange(this.#connect(server), request, timeoutMs)
      if (log.enabled(5)) {
        const heard =
          exchanged.kind === 'octets' ? exchanged.octets.toString('utf8', 0, 2000) : exchanged.kind
        log.write(5, `${this.name} ${serverText(server)} > ${request[0]?.toString().trimEnd()} < ${heard}`)
      }
      const answer = exchanged.kind === 'octets' ? parseAnswer(exchanged.octets, this.#command) : exchanged
      if (answer.kind === 'report') {
        this.#breakers.answered(server)
        return answer
      }
      const pauseMs = answer.kind === 'hung' ? HUNG_PAUSE_MS : REFUSED_PAUSE_MS
      this.#breakers.failed(server, pauseMs)
      reason = `${serverText(server)}: ${answer.kind === 'hung' ? 'timed out' : answer.reason}`
      if (index < servers.length - 1) log.write(-1, `${this.name}: ${reason}, asking the next one`)
    }
    return {kind: 'failed', reason}
  }

  close(): void {}
}

function commandOf({options}: SpamScannerEntry): Command {
  const wanted = String(options.get('command') ?? 'HEADERS').toUpperCase()
  const command = COMMANDS.find(name => name === wanted)
  if (!command) throw new Error(`command ${wanted} is none of ${COMMANDS.join(', ')}`)
  return command
}

function requestOf(command: Command, mail: Buffer, {name}: ScanUser): readonly Buffer[] {
  const user = name === '' ? '' : `User: ${name}\r\n`
  const head = `${command} SPAMC/1.5\r\n${user}Content-length: ${mail.length}\r\n\r\n`
  return [Buffer.from(head), mail]
}

function connectTo(server: Server): net.Socket {
  if ('path' in server) return net.connect({path: server.path})
  const {host, port} = server
  if (!server.tls) return net.connect({host, port})
  const {ca} = server.tls
  return tls.connect({
    host,
    port,
    ...(ca === undefined ? {} : {ca}),
    ...(net.isIP(host) ? {} : {servername: host}),
  })
}

type Exchanged =
  | {readonly kind: 'octets'; readonly octets: Buffer}
  | {readonly kind: 'hung'}
  | {readonly kind: 'failed'; readonly reason: string}

/** Send all, and read until the peer closes. */
function exchange(socket: net.Socket, request: readonly Buffer[], timeoutMs: number): Promise<Exchanged> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let size = 0
    const end = (result: Exchanged) => {
      clearTimeout(deadline)
      clearTimeout(connecting)
      resolve(result)
      socket.destroy()
    }
    const deadline = setTimeout(() => end({kind: 'hung'}), timeoutMs)
    const connecting = setTimeout(() => end({kind: 'hung'}), Math.min(timeoutMs, CONNECT_LIMIT_MS))
    const connected = socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect'
    socket.once(connected, () => clearTimeout(connecting))
    // A peer that closes without having read our own close resets the connection; the answer has its length.
    const answered = (): Exchanged => ({kind: 'octets', octets: Buffer.concat(chunks)})
    socket.on('error', error => end(size > 0 ? answered() : {kind: 'failed', reason: errorText(error)}))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > LARGEST_ANSWER) end({kind: 'failed', reason: 'an answer without end'})
    })
    socket.on('close', () => end(answered()))
    for (const octets of request) socket.write(octets)
    // spamd reads lines: the last one of a mail may have no end but this
    socket.end()
  })
}
