/**
 * key-record — what is to stand in the DNS for a signing key, as lines of a zone file.
 *
 * Source: RFC 6376 §3.6.1, RFC 8463 §4; spec/daemon §1.4, showkeys. Pure.
 */
import {createPublicKey} from 'node:crypto'
import type {SigningKey} from './keys.ts'

/** A key of the configuration, and a domain that it is looked at for. */
export interface KeyAndDomain {
  /** place in the configuration, from 1 */
  readonly number: number
  readonly key: SigningKey
  /** undefined: nobody named one, and the key is for many */
  readonly domain: string | undefined
}

export interface SelectedKeys {
  readonly selected: readonly KeyAndDomain[]
  /** domains that no key is for */
  readonly unknown: readonly string[]
}

/** In the order of the configuration; no domains means all keys. */
export function selectKeys(keys: readonly SigningKey[], domains: readonly string[]): SelectedKeys {
  const wanted = domains.map(domain => domain.toLowerCase())
  const selected = keys.flatMap((key, n) => {
    const own = key.isExact ? key.domain.toLowerCase() : undefined
    const fitting = wanted.length === 0 ? [own] : wanted.filter(domain => key.matches(domain))
    return fitting.map(domain => ({number: n + 1, key, domain}))
  })
  return {selected, unknown: wanted.filter(domain => !keys.some(key => key.matches(domain)))}
}

/** `sel._domainkey.example.com.`; without a final dot, so within whichever zone it is put, where no domain is known. */
export function recordName({key, domain}: KeyAndDomain): string {
  return domain === undefined ? `${key.selector}._domainkey` : `${key.selector}._domainkey.${domain}.`
}

export function keyBits({key}: SigningKey): number {
  return key.asymmetricKeyDetails?.modulusLength ?? ED25519_BITS
}

const ED25519_BITS = 256
const ED25519_OCTETS = 32
/** octets of one string of a TXT record (RFC 1035 §3.3) */
const LONGEST_STRING = 255
const KEY_STRING = 64

/** A remark, the record and a blank line. */
export function recordText(one: KeyAndDomain): string {
  const {number, key, domain} = one
  const file = key.file === undefined ? '' : `, ${key.file}`
  const strings = [...pieces(`${tagsText(key)}p=`, LONGEST_STRING), ...pieces(publicKey(key), KEY_STRING)]
  return [
    `; key#${number} ${keyBits(key)} bits, s=${key.selector}, d=${domain ?? key.domain}${file}`,
    `${recordName(one)}\t3600 TXT (`,
    `${strings.map(text => `  "${text.replace(/["\\]/g, '\\$&')}"`).join('\n')})`,
    '',
    '',
  ].join('\n')
}

/** The tags before `p=`, as the options of `dkim_key` have them; what kind of key it is, the key knows best. */
function tagsText({tags, algorithm}: SigningKey): string {
  const kind = algorithm === 'ed25519-sha256' ? 'ed25519' : 'rsa'
  const isTold = tags.has('k') || kind !== 'rsa'
  const all: readonly (readonly [string, string | undefined])[] = [
    ['v', tags.get('v') ?? 'DKIM1'],
    ['g', tags.get('g')],
    ['h', tags.get('h')],
    ['k', isTold ? kind : undefined],
    ['s', tags.get('s')],
    ['t', tags.get('t')],
    ['n', noteText(tags.get('n'))],
  ]
  return all.map(([tag, value]) => (value === undefined ? '' : `${tag}=${value}; `)).join('')
}

/** As quoted-printable of RFC 6376 §2.11. */
function noteText(note: string | undefined): string | undefined {
  const hex = (octet: string) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return note?.replace(/[^ !-:<>-~]/g, hex)
}

/** In base64: SubjectPublicKeyInfo for rsa, for ed25519 the bare key. */
function publicKey({key, algorithm}: SigningKey): string {
  const der = createPublicKey(key).export({format: 'der', type: 'spki'})
  return (algorithm === 'ed25519-sha256' ? der.subarray(-ED25519_OCTETS) : der).toString('base64')
}

function pieces(text: string, length: number): readonly string[] {
  return text.match(new RegExp(`.{1,${length}}`, 'gs')) ?? []
}
