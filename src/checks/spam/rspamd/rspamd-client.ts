/**
 * rspamd-client — the module RspamdClient of `@spam_scanners`: asks Rspamd over HTTP.
 *
 *     ['Rspamd', 'Amavis::SpamControl::RspamdClient', url => 'http://127.0.0.1:11333/checkv2', score_factor => 0.33]
 *
 * The mail is given as it came, whatever its size; `mail_body_size_limit` cuts it. Everything that goes wrong is a
 * value: the mail goes on without the points.
 * Source: spec/daemon §10.4; Rspamd's protocol documentation.
 *
 * Diagnostics: score, action and tests at level 2.
 */
import {errorText} from '../../../errors.ts'
import type {Log} from '../../../log/log.ts'
import type {ScoredTest} from '../../finding.ts'
import {AskedServers, type Protocol} from '../asked-servers.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {connectorFor} from '../exchange.ts'
import {timesFactor} from '../scan.ts'
import {bodyLimit} from '../scanned-text.ts'
import type {ReportCondition, ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {type Server, serversOf, serverText, texts, tlsUse} from '../servers.ts'
import {scanUsers} from '../users.ts'
import {type Answer, parseAnswer} from './answer.ts'
import {parseHttp, requestHead} from './http.ts'
import {type RequestFields, requestFields} from './request.ts'

const DEFAULTS = {hosts: ['127.0.0.1'], port: 11333}
const DEFAULT_PATH = '/checkv2'
/** As many tests as the main log entry has. */
const MOST_TESTS_LOGGED = 50

export interface RspamdClientDeps {
  readonly log: Log
  readonly report: ReportCondition
}

interface Place {
  readonly server: Server
  readonly path: string
}

const PROTOCOL: Protocol<Place> = {
  // proxies take the end of what we send for our hanging up
  largestAnswer: 4 * 1024 * 1024,
  ping: ({server}) => requestHead({method: 'GET', path: '/ping', host: hostOf(server), fields: {}}, 0),
  isPong: octets => {
    const answer = parseHttp(octets)
    return answer.kind === 'answer' && answer.status < 500
  },
}

/** @throws Error when its options make no sense, or the file of certificates cannot be read */
export async function rspamdClient(entry: SpamScannerEntry, deps: RspamdClientDeps): Promise<SpamScanner> {
  const {name} = entry
  const {log, report} = deps
  const places = placesOf(entry)
  const servers = new AskedServers({
    name,
    places,
    connect: await connectorFor(places.map(({server}) => server)),
    protocol: PROTOCOL,
    log,
    report: (condition, reason) => report(name, condition, reason),
  })
  return new RspamdClient(entry, places, servers)
}

type Scored = Extract<Answer, {kind: 'report'}>

class RspamdClient implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly #entry: SpamScannerEntry
  readonly #servers: AskedServers<Place>

  constructor(entry: SpamScannerEntry, places: readonly Place[], servers: AskedServers<Place>) {
    this.name = entry.name
    this.#entry = entry
    this.#servers = servers
    this.description = `${entry.name}: Rspamd at ${places.map(({server}) => serverText(server)).join(', ')}`
  }

  async scan(mail: SpamMail, context: ScanContext): Promise<SpamResult> {
    const end = performance.now() + context.timeoutMs
    const octets = givenOctets(mail, this.#entry)
    const answers: SpamAnswer[] = []
    for (const user of scanUsers(mail.envelope, mail.settings)) {
      const fields = requestFields(mail, user, this.#entry)
      const question = (place: Place) => requestOf(place, fields, octets)
      const answer = await this.#servers.ask(question, parseOctets, end, context.log)
      if (answer.kind === 'failed') return answer
      this.#tell(answer, context)
      const report = {...answer.report, scanner: this.name}
      answers.push({report: timesFactor(report, this.#entry.scoreFactor), recipients: user.recipients})
    }
    return {kind: 'scanned', answers}
  }

  /** As the original words it: points are ours, those after the slash are Rspamd's. */
  #tell({report: {score, tests}, action}: Scored, {log}: ScanContext): void {
    if (!log.enabled(2)) return
    const ours = (score * this.#entry.scoreFactor).toFixed(2)
    const named = tests.slice(0, MOST_TESTS_LOGGED).map(testText).join(',')
    log.write(2, `${this.name} rspamd score ${ours}/${score.toFixed(2)} (${action}) ${named}`.trimEnd())
  }

  close(): void {
    this.#servers.close()
  }
}

function requestOf({server, path}: Place, fields: RequestFields, octets: Buffer): readonly Buffer[] {
  return [requestHead({method: 'POST', path, host: hostOf(server), fields}, octets.length), octets]
}

function parseOctets(octets: Buffer): Answer {
  const answer = parseHttp(octets)
  return answer.kind === 'answer' ? parseAnswer(answer.status, answer.body) : {...answer, isUp: false}
}

function hostOf(server: Server): string {
  if ('path' in server) return 'localhost'
  return `${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`
}

function testText({name, score}: ScoredTest): string {
  return score === undefined ? name : `${name}=${score}`
}

/** Octets as they came; of a large body no more than the limit. */
function givenOctets({content, header, settings}: SpamMail, {bodySizeLimit}: SpamScannerEntry): Buffer {
  const limit = bodyLimit(bodySizeLimit, settings)
  return limit === undefined || limit <= 0 ? content : content.subarray(0, header.size + limit)
}

/** `url`, one or several, or servers as those of spamd are named. */
function placesOf({options}: SpamScannerEntry): readonly Place[] {
  const urls = texts(options.get('url'))
  if (urls.length === 0) return serversOf(options, DEFAULTS).map(server => ({server, path: DEFAULT_PATH}))
  return urls.map(text => {
    const url = parseUrl(text)
    const isTls = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
    const path = url.pathname === '/' ? DEFAULT_PATH : `${url.pathname}${url.search}`
    return {server: {host, port, tls: isTls ? tlsUse(options) : undefined}, path}
  })
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch (error) {
    throw new Error(`url ${text}: ${errorText(error)}`)
  }
  throw new Error(`url ${text} is neither http: nor https:`)
}
