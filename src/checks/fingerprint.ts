/**
 * fingerprint — what a passive fingerprint service (p0f-analyzer) says of the system of a mail's client.
 *
 * The question goes out early, as one datagram `[ip]:port nonce`; the answer is a line that repeats it and goes on
 * with the text. It is waited for shortly, later, when other work is done: no answer is none. Mail of our own users
 * is not asked about. Source: spec/daemon, OS fingerprint.
 *
 * Diagnostics: a service that cannot be asked is as one that does not answer; the log says so at level 2.
 */
import {randomBytes} from 'node:crypto'
import {isIPv6} from 'node:net'
import type {Settings} from '../config/settings.ts'
import type {Log} from '../log/log.ts'

/** What originating mail has in place of a fingerprint. */
const OWN_NETWORKS = 'MYNETWORKS'

/** How long the answer is waited for, beyond the time that decoding took. */
const PATIENCE_MS = 50
/** What nobody has waited for is given up. */
const LONGEST_MS = 600_000

export interface FingerprintClient {
  readonly address: string
  /** '' where it is not known */
  readonly port: string
}

export interface Fingerprint {
  /** `Windows 7 or 8 (up: 12 hrs), (distance 7, link: Ethernet)` */
  readonly text: string
  readonly client: FingerprintClient
}

/** A question on its way. */
export interface FingerprintQuery {
  /** The answer, waited for no longer than a moment; to be called once. Rejects never. */
  answer(): Promise<Fingerprint | undefined>
}

interface Service {
  readonly host: string
  readonly port: number
}

/** `p0f:host:port`, `p0f:[::1]:port`; undefined for anything else. */
export function fingerprintService(method: string | undefined): Service | undefined {
  const [, inBrackets, plain, port] = /^p0f:(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(method ?? '') ?? []
  const number = Number(port)
  if (port === undefined || number < 1 || number > 65_535) return undefined
  return {host: inBrackets ?? plain!, port: number}
}

/** Ask about a client; undefined: nobody is to be asked. */
export function askFingerprint(
  client: FingerprintClient | undefined,
  settings: Settings,
  log: Log,
): FingerprintQuery | undefined {
  const method = settings.string('$os_fingerprint_method')
  if (!method || !client) return undefined
  if (settings.flag('$originating')) {
    const own = {text: OWN_NETWORKS, client}
    return {answer: async () => own}
  }
  const service = fingerprintService(method)
  if (!service) {
    log.write(2, `$os_fingerprint_method: ${method} is no p0f:host:port, not asked`)
    return undefined
  }
  const destination = settings.string('$os_fingerprint_dst_ip_and_port')
  const from = `[${client.address}]:${client.port || 0}`
  const question = [from, ...(destination ? [destination] : []), randomBytes(8).toString('hex')].join(' ')
  const ended = new AbortController()
  const coming = exchange(service, question, ended.signal, log)
  return {
    answer: async () => {
      const timer = setTimeout(() => ended.abort(), PATIENCE_MS)
      const text = await coming
      clearTimeout(timer)
      return text === undefined ? undefined : {text, client}
    },
  }
}

/** As X-Amavis-OS-Fingerprint has it: `Linux 3.x, [192.0.2.1]:25`. */
export function fingerprintField({text, client}: Fingerprint): string {
  return `${text.replace(/[^ -~]/g, '?')}, [${client.address}]:${client.port || 0}`
}

/** Sends the question; undefined when it is ended without an answer. Rejects never. */
async function exchange(
  {host, port}: Service,
  question: string,
  ended: AbortSignal,
  log: Log,
): Promise<string | undefined> {
  const {createSocket} = await import('node:dgram')
  // Nobody may come to wait: the mail may fail before.
  const signal = AbortSignal.any([ended, AbortSignal.timeout(LONGEST_MS)])
  if (signal.aborted) return undefined
  const socket = createSocket({type: isIPv6(host) ? 'udp6' : 'udp4', signal})
  return new Promise(resolve => {
    let text: string | undefined
    let isOpen = true
    const close = () => {
      if (isOpen && !signal.aborted) socket.close()
      isOpen = false
    }
    socket.on('close', () => resolve(text))
    socket.on('message', datagram => {
      text ??= answerTo(question, datagram.toString('latin1'))
      if (text !== undefined) close()
    })
    const failed = (error: Error) => {
      log.write(2, `p0f at ${host}:${port} cannot be asked: ${error.message}`)
      close()
    }
    socket.on('error', failed)
    socket.send(question, port, host, error => {
      if (error && !signal.aborted) failed(error)
    })
  })
}

/** The text behind the repeated question; undefined: an answer to something else, or none. */
function answerTo(question: string, datagram: string): string | undefined {
  if (!datagram.startsWith(`${question} `)) return undefined
  return (
    datagram
      .slice(question.length + 1)
      .split(/[\r\n]/, 1)[0]!
      .trim() || undefined
  )
}
