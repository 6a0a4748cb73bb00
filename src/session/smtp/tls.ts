/**
 * tls — STARTTLS: the certificate of the configuration, and a socket that is encrypted from now on (RFC 3207).
 *
 * Loaded when a client asks for it. The files are read once in a child's life; a reload makes new children,
 * which read them anew.
 *
 * Diagnostics: a certificate that cannot be used is noted in the log, the client is told 454.
 */
import type {Socket} from 'node:net'
import tls from 'node:tls'
import type {Settings} from '../../config/settings.ts'
import {type ServerTls, serverTls} from '../../config/tls-options.ts'
import {errorText} from '../../errors.ts'
import {type Answer, refuse} from './answer.ts'

const READY: Answer = {text: '220 2.0.0 Ready to start TLS\r\n', event: 'tls'}

type Prepared =
  | {readonly kind: 'ready'; readonly context: tls.SecureContext; readonly options: ServerTls}
  | {readonly kind: 'failed'; readonly reason: string}

const prepared = new WeakMap<Settings, Prepared>()

function prepare(settings: Settings): Prepared {
  let known = prepared.get(settings)
  if (!known) {
    try {
      const options = serverTls(settings)
      known = {kind: 'ready', options, context: tls.createSecureContext(options.context)}
    } catch (error) {
      known = {kind: 'failed', reason: errorText(error)}
    }
    prepared.set(settings, known)
  }
  return known
}

/** Answer STARTTLS. */
export function readyForTls(settings: Settings): Answer {
  const result = prepare(settings)
  if (result.kind === 'ready') return READY
  const answer = refuse('454 4.7.0 TLS not available due to local problem')
  return {...answer, note: `STARTTLS is not available: ${result.reason}`}
}

export type Handshake =
  | {readonly kind: 'encrypted'; readonly socket: tls.TLSSocket; readonly cipher: string}
  /** the connection is closed */
  | {readonly kind: 'failed'; readonly reason: string}

/**
 * Be the server of a TLS handshake on a socket that nobody listens to.
 * @param limitMs after which a client that does not go on is dropped
 */
export function encrypt(socket: Socket, settings: Settings, limitMs: number): Promise<Handshake> {
  const result = prepare(settings)
  if (result.kind === 'failed') return Promise.resolve(result)
  const {context, options} = result
  const secured = new tls.TLSSocket(socket, {
    isServer: true,
    secureContext: context,
    requestCert: options.requestCert,
    rejectUnauthorized: false,
  })
  return new Promise(resolve => {
    const fail = (reason: string) => {
      clearTimeout(deadline)
      secured.destroy()
      resolve({kind: 'failed', reason})
    }
    const deadline = setTimeout(() => fail('the client does not go on'), limitMs)
    secured.on('error', error => fail(errorText(error)))
    const gone = () => fail('the client is gone')
    secured.once('close', gone)
    secured.once('secure', () => {
      const stranger = options.requireCert ? verifyError(secured) : undefined
      if (stranger !== undefined) return fail(`the client's certificate is refused: ${stranger}`)
      clearTimeout(deadline)
      secured.off('close', gone)
      const {name, version} = secured.getCipher()
      resolve({kind: 'encrypted', socket: secured, cipher: `${version}:${name}`})
    })
  })
}

/** Why the client's certificate is not good; Node looks only in servers of its own. */
function verifyError(socket: tls.TLSSocket): string | undefined {
  const {ssl} = socket as {ssl?: {verifyError(): Error | null} | null}
  if (!ssl) return 'the client is gone'
  const error = ssl.verifyError()
  return error === null ? undefined : errorText(error)
}
