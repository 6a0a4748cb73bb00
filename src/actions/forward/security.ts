/**
 * security — TLS and AUTH towards a next hop; loaded by children that need them.
 *
 * A certificate is verified where `SSL_verify_mode` says so or where the peer's name is configured: next hops are
 * mostly our own machine, with certificates that nobody has signed. Credentials go over TLS, or over the loopback, or
 * nowhere.
 */
import net from 'node:net'
import tls from 'node:tls'
import {contextOptions} from '../../config/tls-options.ts'
import {AmavisError} from '../../errors.ts'
import type {HopPolicy} from './hop-policy.ts'
import type {Target} from './method.ts'

/** SSL_verify_mode: VERIFY_PEER */
const VERIFY_PEER = 1

/** The connection encrypted; what was there before is not read any more. @throws AmavisError AM_PROTOCOL */
export function encrypted(
  socket: net.Socket,
  {tlsOptions, peerNames}: HopPolicy,
  target: Target,
  ms: number,
): Promise<tls.TLSSocket> {
  const configured = peerNames.get(target.label) ?? peerNames.get(`[${target.host}]:${target.port}`)
  const mode = Number(tlsOptions.get('SSL_verify_mode') ?? 0)
  const verifies = configured !== undefined || (mode & VERIFY_PEER) !== 0
  const host = typeof configured === 'string' ? configured : target.host
  const name = host !== undefined && net.isIP(host) === 0 ? host : undefined
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer)
      secured.destroy()
      reject(new AmavisError('AM_PROTOCOL', `TLS: ${reason}`))
    }
    const secured = tls.connect({
      socket,
      ...contextOptions(tlsOptions, {}),
      rejectUnauthorized: verifies,
      ...(name !== undefined && {servername: name}),
      // without a name of its own the certificate is for the host that we connect to
      ...(verifies && {
        checkServerIdentity: (_: string, certificate: tls.PeerCertificate) =>
          tls.checkServerIdentity(host ?? 'localhost', certificate),
      }),
    })
    const timer = setTimeout(() => fail('timed out'), Math.max(1, ms))
    secured.once('error', error => fail(error.message))
    secured.once('close', () => fail('the connection was closed'))
    secured.once('secureConnect', () => {
      clearTimeout(timer)
      secured.removeAllListeners('error').removeAllListeners('close')
      resolve(secured)
    })
  })
}

/** What to say to authenticate, each with the code that it has to be answered with; or why it cannot be done. */
export function authDialogue(
  {credentials}: HopPolicy,
  mechanisms: readonly string[],
  isPrivate: boolean,
): readonly (readonly [line: string, code: number])[] | {readonly problem: string} {
  if (!credentials) return {problem: 'no credentials are configured ($amavis_auth_user)'}
  if (!isPrivate) return {problem: 'credentials are not sent without TLS ($tls_security_level_out)'}
  const {user, password} = credentials
  const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')
  if (mechanisms.includes('PLAIN')) return [[`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, 235]]
  if (mechanisms.includes('LOGIN')) {
    return [
      ['AUTH LOGIN', 334],
      [base64(user), 334],
      [base64(password), 235],
    ]
  }
  return {problem: `none of its mechanisms is known (${mechanisms.join(' ') || 'AUTH is not offered'})`}
}

/** Nobody else can listen. */
export function isPrivate(socket: net.Socket, {path, host}: Target): boolean {
  if (path !== undefined || 'encrypted' in socket) return true
  return host === 'localhost' || host === '::1' || /^127\./.test(host ?? '')
}
