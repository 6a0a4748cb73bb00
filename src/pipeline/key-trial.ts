/**
 * key-trial — whether what a key signs is valid for those who look its record up in the DNS.
 *
 * A short mail is signed as ours are and verified as those of others are, so that a record that is missing, of another
 * key or badly written shows. Source: spec/daemon §1.4, testkeys.
 */
import {BodyHash} from '../actions/dkim/canonical.ts'
import type {SigningKey} from '../actions/dkim/keys.ts'
import {signatureField} from '../actions/dkim/sign.ts'
import {verifySignatures} from '../checks/dkim/verify.ts'
import type {ResolveTxt} from '../checks/dns/resolver.ts'
import {parseHeader} from '../message/header.ts'

export interface KeyTrial {
  readonly isValid: boolean
  /** `pass`, `invalid (public key: not available)` */
  readonly text: string
}

export async function tryKey(
  key: SigningKey,
  domain: string,
  resolve: ResolveTxt,
  now: Date = new Date(),
): Promise<KeyTrial> {
  const head = `From: test@${domain}\r\nSubject: test\r\nDate: ${now.toUTCString()}\r\n`
  const body = Buffer.from('test\r\n')
  const hash = new BodyHash('simple')
  hash.update(body)
  const tags = {
    domain,
    selector: key.selector,
    identity: undefined,
    headerForm: 'relaxed',
    bodyForm: 'simple',
    signedAt: Math.floor(now.getTime() / 1000),
    expiresAt: undefined,
    query: undefined,
  } as const
  const {fields} = parseHeader(Buffer.from(`${head}\r\n`))
  const field = signatureField(fields, () => 1, hash.digest(), tags, key.key)
  const mail = Buffer.concat([Buffer.from(`${field}${head}\r\n`), body])
  const [signature] = await verifySignatures(mail, parseHeader(mail), resolve, now)
  if (signature?.result === 'pass') return {isValid: true, text: 'pass'}
  const {result, detail} = signature ?? {result: 'invalid', detail: ''}
  const reason = REASONS.get(detail) ?? detail
  return {isValid: false, text: reason === '' ? result : `${result} (${reason})`}
}

/** Of results that say something about a mail, what they say about a key. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['no key', 'public key: not available'],
  ['message has been altered', 'public key: of another private key'],
])
