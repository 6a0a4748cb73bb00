/**
 * tls-options — %smtpd_tls_server_options and %smtp_tls_client_options, whose names are those of IO::Socket::SSL, as
 * Node's TLS has them.
 *
 * $smtpd_tls_cert_file and $smtpd_tls_key_file count where SSL_cert_file and SSL_key_file are missing.
 */
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import type {SecureContextOptions, SecureVersion} from 'node:tls'
import {AmavisError} from '../errors.ts'
import type {Settings} from './settings.ts'
import type {Scalar} from './value.ts'

export interface ServerTls {
  readonly context: SecureContextOptions
  /** ask clients for a certificate */
  readonly requestCert: boolean
  /** and do without no good one */
  readonly requireCert: boolean
}

/** SSL_verify_mode, bits */
const VERIFY_PEER = 1
const FAIL_IF_NO_PEER_CERT = 2

const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ['TLSV1', 'TLSv1'],
  ['TLSV1_1', 'TLSv1.1'],
  ['TLSV1_2', 'TLSv1.2'],
  ['TLSV1_3', 'TLSv1.3'],
])

/** @throws AmavisError AM_CONFIG, or what the file system says, when something named cannot be used */
export function serverTls(settings: Settings): ServerTls {
  const options = settings.hash('%smtpd_tls_server_options')
  const cert = settings.string('$smtpd_tls_cert_file')
  const key = settings.string('$smtpd_tls_key_file')
  const context = contextOptions(options, {...(cert && {cert}), ...(key && {key})})
  if (context.cert === undefined) throw new AmavisError('AM_CONFIG', 'no certificate is set (SSL_cert_file)')
  const mode = Number(textOption(options, 'SSL_verify_mode') || 0)
  return {
    context,
    requestCert: (mode & VERIFY_PEER) !== 0,
    requireCert: (mode & VERIFY_PEER) !== 0 && (mode & FAIL_IF_NO_PEER_CERT) !== 0,
  }
}

function textOption(options: ReadonlyMap<string, Scalar>, name: string): string {
  const value = options.get(name)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/**
 * The options of either side: SSL_* as Node has them.
 * @param files that count where SSL_cert_file and SSL_key_file are missing
 * @throws AmavisError AM_CONFIG, or what the file system says, when something named cannot be used
 */
export function contextOptions(
  options: ReadonlyMap<string, Scalar>,
  files: {readonly cert?: string; readonly key?: string},
): SecureContextOptions {
  const text = (name: string) => textOption(options, name)
  const certFile = text('SSL_cert_file') || files.cert
  const keyFile = text('SSL_key_file') || files.key || certFile
  const ca = [
    ...(text('SSL_ca_file') ? [readFileSync(text('SSL_ca_file'))] : []),
    ...(text('SSL_ca_path') ? certificatesIn(text('SSL_ca_path')) : []),
  ]
  const ciphers = [text('SSL_cipher_list'), text('SSL_ciphersuites')].filter(Boolean).join(':')
  return {
    ...(certFile && {cert: readFileSync(certFile)}),
    ...(certFile && keyFile && {key: readFileSync(keyFile)}),
    ...(ca.length > 0 && {ca}),
    ...(ciphers && {ciphers}),
    ...(text('SSL_ecdh_curve') && {ecdhCurve: text('SSL_ecdh_curve')}),
    ...(text('SSL_dh_file') && {dhparam: readFileSync(text('SSL_dh_file'))}),
    ...(text('SSL_honor_cipher_order') && {honorCipherOrder: text('SSL_honor_cipher_order') !== '0'}),
    ...versions(text('SSL_version')),
  }
}

/** Every file of a folder that is a certificate; hashed names are links to those. */
function certificatesIn(folder: string): Buffer[] {
  return readdirSync(folder)
    .filter(name => /\.(?:pem|crt|cer|\d+)$/.test(name))
    .map(name => readFileSync(path.join(folder, name)))
}

/**
 * `SSLv23:!SSLv3:!SSLv2`, `TLSv1_2`, `TLSv12:!TLSv1_3`: one version alone, or all but those excluded. What
 * is excluded in the middle excludes all below it: TLS knows only ranges.
 */
function versions(written: string): {minVersion?: SecureVersion; maxVersion?: SecureVersion} {
  if (written === '') return {}
  const words = written.split(/[:, ]+/).filter(Boolean)
  const name = (word: string) =>
    word
      .replace(/^!/, '')
      .toUpperCase()
      .replace(/^TLSV1([1-3])$/, 'TLSV1_$1')
  const wanted = words.filter(word => !word.startsWith('!')).flatMap(word => VERSIONS.get(name(word)) ?? [])
  const known = [...VERSIONS.values()]
  const [only] = wanted
  if (only !== undefined) return {minVersion: only, maxVersion: wanted.at(-1) ?? only}
  const refused = words.filter(word => word.startsWith('!')).flatMap(word => VERSIONS.get(name(word)) ?? [])
  const highest = known.findLast(version => !refused.includes(version))
  if (highest === undefined) throw new AmavisError('AM_CONFIG', `SSL_version "${written}" leaves no version`)
  const lowest = known
    .slice(0, known.indexOf(highest) + 1)
    .findLastIndex(version => refused.includes(version))
  const minVersion = known[Math.max(lowest + 1, known.indexOf('TLSv1.2'))] ?? highest
  return {
    minVersion: known.indexOf(minVersion) > known.indexOf(highest) ? highest : minVersion,
    maxVersion: highest,
  }
}
