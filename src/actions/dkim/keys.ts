/**
 * keys — the signing keys that `dkim_key` declares, found by domain.
 *
 * A domain is an exact name, `.sub.example.com` or a name with `*`, or a regular expression; the first that fits
 * decides, exact names before the others. Source: spec/config §1.7, spec/daemon §11.1.
 */
import {createPrivateKey, type KeyObject} from 'node:crypto'
import {regexpText} from '../../config/regexp.ts'
import type {Settings} from '../../config/settings.ts'
import type {Regexp, Scalar} from '../../config/value.ts'
import {AmavisError} from '../../errors.ts'
import {regexpOf} from '../../lookup/regexp-table.ts'

export interface SigningKey {
  /** as declared: a domain, `.domain`, a name with `*`; a regular expression as its text */
  readonly domain: string
  readonly selector: string
  /** as in `a=` of a signature */
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly key: KeyObject
  /** where it was read from; undefined: it stands in the configuration */
  readonly file: string | undefined
  /** the other tags of the key's record, by name: `g`, `h`, `n`, `s`, `t` … */
  readonly tags: ReadonlyMap<string, string>
  readonly matches: (domain: string) => boolean
  readonly isExact: boolean
}

/** Keys never change once a configuration is loaded. */
const read = new WeakMap<readonly Scalar[], readonly SigningKey[]>()

/** @throws AmavisError AM_CONFIG, one problem a key that cannot be used */
export function signingKeys(settings: Settings): readonly SigningKey[] {
  const declared = settings.list('@dkim_signing_keys_list')
  let keys = read.get(declared)
  if (!keys) {
    const storage = settings.list('@dkim_signing_keys_storage')
    keys = declared.flatMap(entry => keyOf(hashOf(entry), storage))
    read.set(declared, keys)
  }
  return keys
}

/** Those of a domain, in the order of the configuration. */
export function keysFor(domain: string, keys: readonly SigningKey[]): readonly SigningKey[] {
  const exact = keys.filter(key => key.isExact && key.matches(domain))
  return exact.length > 0 ? exact : keys.filter(key => !key.isExact && key.matches(domain))
}

function keyOf(entry: ReadonlyMap<string, Scalar>, storage: readonly Scalar[]): readonly SigningKey[] {
  const stored = hashOf(storage[Number(entry.get('key_storage_ind'))])
  const pem = textOf(stored.get('key'))
  const file = stored.get('file') === undefined ? undefined : textOf(stored.get('file'))
  const domain = entry.get('domain')
  const selector = textOf(entry.get('selector'))
  const name = domainText(domain)
  const key = privateKey(pem, `${selector}._domainkey.${name}`, file)
  return [
    {
      domain: name,
      selector,
      algorithm: key.asymmetricKeyType === 'ed25519' ? 'ed25519-sha256' : 'rsa-sha256',
      key,
      file,
      tags: new Map(
        [...entry].flatMap(([tag, value]) => (/^[a-z]$/.test(tag) ? [[tag, textOf(value)] as const] : [])),
      ),
      ...matcher(domain),
    },
  ]
}

function privateKey(pem: string, name: string, file: string | undefined): KeyObject {
  const where = file === undefined ? '' : ` in ${file}`
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (error) {
    throw new AmavisError(
      'AM_CONFIG',
      `dkim_key ${name}: no private key${where}: ${(error as Error).message}`,
    )
  }
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ed25519')
    throw new AmavisError(
      'AM_CONFIG',
      `dkim_key ${name}: the key${where} is of type ${key.asymmetricKeyType}, expected rsa or ed25519`,
    )
  return key
}

function matcher(domain: Scalar): Pick<SigningKey, 'matches' | 'isExact'> {
  if (isRegexp(domain)) {
    const re = regexpOf(domain)
    return {isExact: false, matches: name => re.test(name)}
  }
  const name = textOf(domain).toLowerCase()
  if (name.startsWith('.'))
    return {isExact: false, matches: other => other.endsWith(name) || other === name.slice(1)}
  if (!name.includes('*')) return {isExact: true, matches: other => other === name}
  const pattern = new RegExp(`^${name.split('*').map(escaped).join('.*')}$`, 's')
  return {isExact: false, matches: other => pattern.test(other)}
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, '\\$&')
}

function isRegexp(value: Scalar): value is Regexp {
  return typeof value === 'object' && value !== null && value.kind === 're'
}

function domainText(value: Scalar): string {
  return isRegexp(value) ? regexpText(value) : textOf(value)
}

function hashOf(value: Scalar): ReadonlyMap<string, Scalar> {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash'
    ? value.to.entries
    : new Map()
}

function textOf(value: Scalar): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
