/**
 * curve — encryption of the bus (CurveZMQ, RFC 26): key files, and what sockets need to know of them.
 *
 * An endpoint may name a key file: `tcp://mx1:23232?key=/etc/amavis/bus.key`. Whoever binds it is the server
 * and proves it by the secret key in the file; whoever connects uses the pair in his file, and takes only the
 * server whose public key stands there as `server` (without that line: the own one, for programs beside the
 * services, which read the same file). Lines of a key file, keys in Z85 (RFC 32):
 *
 *     public KEY
 *     secret KEY
 *     server KEY
 */
import {readFileSync, statSync} from 'node:fs'
import {AmavisError, errorText} from '../errors.ts'

const KEY = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** An endpoint as configurations and command lines write it. */
export interface KeyedEndpoint {
  /** as ZeroMQ takes it */
  readonly address: string
  readonly keyFile: string | undefined
}

export function splitEndpoint(text: string): KeyedEndpoint {
  const [, address = text, keyFile] = /^(.*?)\?key=(.+)$/s.exec(text) ?? []
  return {address, keyFile}
}

export interface KeyPair {
  readonly publicKey: string
  readonly secretKey: string
  /** the public key of the server that a client wants */
  readonly serverKey: string | undefined
}

export function isKey(text: string): boolean {
  return KEY.test(text)
}

/** The text of a key file. */
export function keyFileText({publicKey, secretKey, serverKey}: KeyPair): string {
  const server = serverKey === undefined ? '' : `server ${serverKey}\n`
  return `public ${publicKey}\nsecret ${secretKey}\n${server}`
}

/** @throws AmavisError AM_USAGE for a file that cannot be read, holds no key pair, or that everybody can read */
export function readKeyFile(file: string): KeyPair {
  const refuse = (why: string, cause?: unknown) =>
    new AmavisError('AM_USAGE', `key file ${file}: ${why}`, {cause})
  let text: string
  try {
    if (statSync(file).mode & 0o007) throw refuse('other users may use it; make its mode 0640 or 0600')
    text = readFileSync(file, 'latin1')
  } catch (error) {
    throw error instanceof AmavisError ? error : refuse(errorText(error), error)
  }
  const keys = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^(public|secret|server) +(\S+)\s*$/.exec(line)
    if (match && isKey(match[2]!)) keys.set(match[1]!, match[2]!)
  }
  const publicKey = keys.get('public')
  const secretKey = keys.get('secret')
  if (publicKey === undefined || secretKey === undefined) {
    throw refuse('no public and secret key in it; "amavis bus-keys" makes one')
  }
  return {publicKey, secretKey, serverKey: keys.get('server')}
}

/** Options of a socket that will be bound to the endpoint; none without a key file. */
export function serverCurve(endpoint: string) {
  const {keyFile} = splitEndpoint(endpoint)
  if (keyFile === undefined) return {}
  const {publicKey, secretKey} = readKeyFile(keyFile)
  return {curveServer: true, curvePublicKey: publicKey, curveSecretKey: secretKey, zapDomain: 'amavis'}
}

/** Options of a socket that will connect to the endpoint; none without a key file. */
export function clientCurve(endpoint: string) {
  const {keyFile} = splitEndpoint(endpoint)
  if (keyFile === undefined) return {}
  const {publicKey, secretKey, serverKey} = readKeyFile(keyFile)
  return {curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey ?? publicKey}
}

/** 32 octets as the 40 characters that people handle; '' for anything else. */
export function z85(octets: Buffer): string {
  if (octets.length !== 32) return ''
  let text = ''
  for (let at = 0; at < 32; at += 4) {
    let value = octets.readUInt32BE(at)
    let group = ''
    for (let digit = 0; digit < 5; digit++) {
      group = Z85[value % 85]! + group
      value = Math.floor(value / 85)
    }
    text += group
  }
  return text
}
