/**
 * spamd-client — the module SpamdClient of `@spam_scanners`: asks a SpamAssassin daemon.
 *
 * Everything that goes wrong is a value: the mail goes on without the points.
 * Source: spec/daemon §10.4; spamd/PROTOCOL of SpamAssassin 4.0.
 */
import type {Log} from '../../../log/log.ts'
import {AskedServers, type Place, type Protocol} from '../asked-servers.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {type Connect, connectorFor} from '../exchange.ts'
import {timesFactor} from '../scan.ts'
import {bodyLimit, scannedText} from '../scanned-text.ts'
import type {ReportCondition, ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {type ServerDefaults, serversOf, serverText} from '../servers.ts'
import {type ScanUser, scanUsers} from '../users.ts'
import {COMMANDS, type Command, parseAnswer} from './answer.ts'

/** As in the original, which asks nobody else. */
export const DEFAULTS: ServerDefaults = {hosts: ['127.0.0.1', '::1'], port: 783}

const PROTOCOL: Protocol<Place> = {
  largestAnswer: 1024 * 1024,
  ping: () => Buffer.from('PING SPAMC/1.5\r\n\r\n'),
  isPong: octets => /^SPAMD\/\d+\.\d+ 0 PONG\r\n/.test(octets.toString('latin1')),
}

export interface SpamdClientDeps {
  readonly log: Log
  readonly report: ReportCondition
}

/** @throws Error when its options make no sense, or the file of certificates cannot be read */
export async function spamdClient(entry: SpamScannerEntry, deps: SpamdClientDeps): Promise<SpamScanner> {
  const places = serversOf(entry.options, DEFAULTS).map(server => ({server}))
  return new SpamdClient(entry, places, await connectorFor(places.map(({server}) => server)), deps)
}

class SpamdClient implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly #entry: SpamScannerEntry
  readonly #command: Command
  readonly #servers: AskedServers<Place>

  constructor(
    entry: SpamScannerEntry,
    places: readonly Place[],
    connect: Connect,
    {log, report}: SpamdClientDeps,
  ) {
    const {name} = entry
    this.name = name
    this.#entry = entry
    this.#command = commandOf(entry)
    this.#servers = new AskedServers({
      name,
      places,
      connect,
      protocol: PROTOCOL,
      log,
      report: (condition, reason) => report(name, condition, reason),
    })
    this.description = `${name}: spamd at ${places.map(({server}) => serverText(server)).join(', ')}`
  }

  async scan(mail: SpamMail, {timeoutMs, log}: ScanContext): Promise<SpamResult> {
    const end = performance.now() + timeoutMs
    const text = scannedText(mail, bodyLimit(this.#entry.bodySizeLimit, mail.settings))
    const answers: SpamAnswer[] = []
    for (const user of scanUsers(mail.envelope, mail.settings)) {
      const request = requestOf(this.#command, text.octets, user)
      const parse = (octets: Buffer) => parseAnswer(octets, this.#command)
      const answer = await this.#servers.ask(() => request, parse, end, log)
      if (answer.kind === 'failed') return answer
      const report = {...answer.report, scanner: this.name}
      answers.push({report: timesFactor(report, this.#entry.scoreFactor), recipients: user.recipients})
    }
    return {kind: 'scanned', answers}
  }

  close(): void {
    this.#servers.close()
  }
}

const LF = 0x0a

function commandOf({options}: SpamScannerEntry): Command {
  const wanted = String(options.get('command') ?? 'HEADERS').toUpperCase()
  const command = COMMANDS.find(name => name === wanted)
  if (!command) throw new Error(`command ${wanted} is none of ${COMMANDS.join(', ')}`)
  return command
}

function requestOf(command: Command, mail: Buffer, {name}: ScanUser): readonly Buffer[] {
  const user = name === '' ? '' : `User: ${name}\r\n`
  // spamd reads lines: it would wait for the end of the last one
  const lineEnd = mail.at(-1) === LF ? [] : [Buffer.from([LF])]
  const head = `${command} SPAMC/1.5\r\n${user}Content-length: ${mail.length + lineEnd.length}\r\n\r\n`
  return [Buffer.from(head), mail, ...lineEnd]
}
