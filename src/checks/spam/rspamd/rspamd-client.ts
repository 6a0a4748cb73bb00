/**
 * rspamd-client — the module RspamdClient of `@spam_scanners`: asks Rspamd over HTTP.
 *
 *     ['Rspamd', 'Amavis::SpamControl::RspamdClient', url => 'http://127.0.0.1:11333/checkv2', score_factor => 0.33]
 *
 * The mail is given as it came, whatever its size; `mail_body_size_limit` cuts it. Servers are asked in turn until one
 * answers; one that refuses is left alone for seconds, one that hangs for longer. Everything that goes wrong is a
 * value: the mail goes on without the points.
 * Source: spec/daemon §10.4; Rspamd's protocol documentation.
 *
 * Diagnostics: score, action and tests at level 2.
 */
import {errorText} from '../../../errors.ts'
import type {ScoredTest} from '../../finding.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {timesFactor} from '../scan.ts'
import {bodyLimit} from '../scanned-text.ts'
import type {ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {
  Breakers,
  HUNG_PAUSE_MS,
  REFUSED_PAUSE_MS,
  type Server,
  serversOf,
  serverText,
  texts,
  tlsUse,
} from '../servers.ts'
import {scanUsers} from '../users.ts'
import {type Answer, parseAnswer} from './answer.ts'
import {type Exchanged, HttpServer, type Question} from './exchange.ts'
import {requestFields} from './request.ts'

const DEFAULTS = {hosts: ['127.0.0.1'], port: 11333}
const DEFAULT_PATH = '/checkv2'
/** As many tests as the main log entry has. */
const MOST_TESTS_LOGGED = 50

export interface RspamdClientDeps {
  readonly now?: () => number
}

interface Place {
  readonly server: Server
  readonly path: string
}

/** @throws Error when its options make no sense, or the file of certificates cannot be read */
export async function rspamdClient(
  entry: SpamScannerEntry,
  {now = () => performance.now()}: RspamdClientDeps = {},
): Promise<SpamScanner> {
  const places = placesOf(entry)
  const tls = places.some(({server}) => 'host' in server && server.tls)
    ? (await import('node:https')).default
    : undefined
  const servers = places.map(place => ({
    ...place,
    http: new HttpServer(place.server, 'host' in place.server && place.server.tls ? tls : undefined),
  }))
  return new RspamdClient(entry, servers, new Breakers(now))
}

type Scored = Extract<Answer, {kind: 'report'}>

interface AskedServer extends Place {
  readonly http: HttpServer
}

class RspamdClient implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly #entry: SpamScannerEntry
  readonly #servers: readonly AskedServer[]
  readonly #breakers: Breakers

  constructor(entry: SpamScannerEntry, servers: readonly AskedServer[], breakers: Breakers) {
    this.name = entry.name
    this.#entry = entry
    this.#servers = servers
    this.#breakers = breakers
    this.description = `${entry.name}: Rspamd at ${servers.map(({server}) => serverText(server)).join(', ')}`
  }

  async scan(mail: SpamMail, context: ScanContext): Promise<SpamResult> {
    const end = performance.now() + context.timeoutMs
    const octets = givenOctets(mail, this.#entry)
    const answers: SpamAnswer[] = []
    for (const user of scanUsers(mail.envelope, mail.settings)) {
      const fields = requestFields(mail, user, this.#entry)
      const answer = await this.#ask({fields, octets}, end, context)
      if (answer.kind === 'failed') return answer
      this.#tell(answer, context)
      const report = {...answer.report, scanner: this.name}
      answers.push({report: timesFactor(report, this.#entry.scoreFactor), recipients: user.recipients})
    }
    return {kind: 'scanned', answers}
  }

  /** The first answer of a server; each gets half of the time that is left, the last all of it. */
  async #ask(
    question: Pick<Question, 'fields' | 'octets'>,
    end: number,
    {log}: ScanContext,
  ): Promise<Scored | (SpamResult & {kind: 'failed'})> {
    const usable = this.#breakers.usable(this.#servers.map(({server}) => server))
    const servers = this.#servers.filter(({server}) => usable.includes(server))
    let reason = 'every Rspamd has failed a moment ago'
    for (const [index, {server, path, http}] of servers.entries()) {
      const left = Math.max(1, end - performance.now())
      const timeoutMs = index === servers.length - 1 ? left : left / 2
      const exchanged = await http.ask({...question, path, timeoutMs})
      if (log.enabled(5))
        log.write(5, `${this.name} ${serverText(server)} ${dialogueText(path, question, exchanged)}`)
      const answer = exchanged.kind === 'answer' ? parseAnswer(exchanged.status, exchanged.body) : exchanged
      if (answer.kind === 'report') {
        this.#breakers.answered(server)
        return answer
      }
      if (answer.kind === 'hung') this.#breakers.failed(server, HUNG_PAUSE_MS)
      else if (!('isDown' in answer) || answer.isDown) this.#breakers.failed(server, REFUSED_PAUSE_MS)
      reason = `${serverText(server)}: ${answer.kind === 'hung' ? 'timed out' : answer.reason}`
      if (index < servers.length - 1) log.write(-1, `${this.name}: ${reason}, asking the next one`)
    }
    return {kind: 'failed', reason}
  }

  /** As the original words it: points are ours, those after the slash are Rspamd's. */
  #tell({report: {score, tests}, action}: Scored, {log}: ScanContext): void {
    if (!log.enabled(2)) return
    const ours = (score * this.#entry.scoreFactor).toFixed(2)
    const named = tests.slice(0, MOST_TESTS_LOGGED).map(testText).join(',')
    log.write(2, `${this.name} rspamd score ${ours}/${score.toFixed(2)} (${action}) ${named}`.trimEnd())
  }

  close(): void {
    for (const {http} of this.#servers) http.close()
  }
}

function testText({name, score}: ScoredTest): string {
  return score === undefined ? name : `${name}=${score}`
}

const LONGEST_SHOWN = 2000

function dialogueText(
  path: string,
  {fields, octets}: Pick<Question, 'fields' | 'octets'>,
  exchanged: Exchanged,
): string {
  const told = Object.entries(fields).flatMap(([name, value]) =>
    name === 'Password' ? [] : [`${name}: ${typeof value === 'string' ? value : value.join(' ')}`],
  )
  const answer =
    exchanged.kind === 'answer'
      ? `${exchanged.status} ${exchanged.body.toString('utf8', 0, LONGEST_SHOWN)}`
      : exchanged.kind
  return `> POST ${path}, ${told.join(', ')}, ${octets.length} octets < ${answer}`
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
