/**
 * server — the HTTP side of the exporter: /metrics, /healthz and /readyz.
 *
 * Each request asks the snmp-responder anew; requests at the same time share one question. Whether
 * childproc-minder is alive is heard on the bus. Nothing in a request is believed but its method and path.
 */
import http from 'node:http'
import type {AddressInfo} from 'node:net'
import type {Frame} from '../bus/grammar.ts'
import {ask, subscribe} from '../bus/subscriber.ts'
import {AmavisError, errorText} from '../errors.ts'
import {healthProblem, type Observed, readinessProblem} from './health.ts'
import {CONTENT_TYPE, metricsText} from './metrics.ts'

export interface ExporterOptions {
  /** where displays listen */
  readonly bus: string
  /** where questions are answered */
  readonly responder: string
  readonly host: string
  readonly port: number
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

export interface Exporter {
  /** the port that was bound */
  readonly port: number
  /** resolves when the signal was aborted and the port is closed */
  readonly ended: Promise<void>
}

/** @throws AmavisError AM_DAEMON when the port cannot be bound, AM_USAGE for an endpoint that is no address */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const {signal, host, port} = options
  const watch = new Watch(options)
  const server = http.createServer({requestTimeout: 10_000, headersTimeout: 10_000}, (request, response) => {
    void answer(request, watch).then(({status, type, text}) => {
      response.writeHead(status, {'content-type': type, 'cache-control': 'no-store'})
      response.end(request.method === 'HEAD' ? undefined : text)
    })
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', error =>
      reject(new AmavisError('AM_DAEMON', `cannot listen at ${host}:${port}: ${errorText(error)}`)),
    )
    server.listen({host, port}, resolve)
  })
  const listening = watch.listen()
  const closed = new Promise<void>(resolve => server.once('close', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  signal.addEventListener('abort', close, {once: true})
  if (signal.aborted) close()
  listening.catch(close) // an endpoint that is no address; `ended` tells
  const ended = Promise.all([closed, listening]).then(() => {})
  return {port: (server.address() as AddressInfo | null)?.port ?? port, ended}
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const PLAIN = 'text/plain; charset=utf-8'

async function answer({method, url}: http.IncomingMessage, watch: Watch): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return {status: 405, type: PLAIN, text: 'GET or HEAD\n'}
  const [path] = (url ?? '').split('?', 1)
  if (path === '/metrics') {
    const {frames, observed} = await watch.look()
    const ageMs = observed.reportAgeMs
    const reportAgeSec = ageMs === undefined ? undefined : ageMs / 1000
    return {status: 200, type: CONTENT_TYPE, text: metricsText(frames, {up: observed.answered, reportAgeSec})}
  }
  if (path === '/healthz' || path === '/readyz') {
    const {observed} = await watch.look()
    const problem = path === '/healthz' ? healthProblem(observed) : readinessProblem(observed)
    return {status: problem === undefined ? 200 : 503, type: PLAIN, text: `${problem ?? 'ok'}\n`}
  }
  return {status: 404, type: PLAIN, text: 'try /metrics, /healthz or /readyz\n'}
}

interface Look {
  readonly frames: readonly Frame[]
  readonly observed: Observed
}

/** Asks the responder, and listens for the reports of childproc-minder. */
class Watch {
  readonly #options: ExporterOptions
  #reportedAt: number | undefined
  #look: Promise<Look> | undefined

  constructor(options: ExporterOptions) {
    this.#options = options
  }

  async listen(): Promise<void> {
    const {bus, signal} = this.#options
    for await (const _ of subscribe([bus], ['am.proc.'], {signal})) this.#reportedAt = performance.now()
  }

  look(): Promise<Look> {
    this.#look ??= this.#ask().finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  async #ask(): Promise<Look> {
    const {responder, timeoutMs = 2000} = this.#options
    const questions = ['am.snmp?', 'am.nanny?'].map(question => ask(responder, question, {timeoutMs}))
    const [counters, children] = await Promise.all(questions.map(answered => answered.catch(() => undefined)))
    const all = children?.find(frame => frame.kind === 'nanny' && frame.name === 'ProcAll')
    const reportAgeMs = this.#reportedAt === undefined ? undefined : performance.now() - this.#reportedAt
    return {
      frames: [...(counters ?? []), ...(children ?? [])],
      observed: {
        answered: counters !== undefined,
        reportAgeMs,
        children: all?.kind === 'nanny' ? Number(all.value) : undefined,
      },
    }
  }
}
