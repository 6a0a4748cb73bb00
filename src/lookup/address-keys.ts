/**
 * address-keys — a mail address taken apart, and the keys it is looked up by in a hash.
 *
 * Source: spec/config, Key order for e-mail addresses. Addresses are in their unquoted internal form.
 */
import {domainToASCII} from 'node:url'

/** What of the configuration changes how addresses are taken apart. */
export interface AddressRules {
  /** set of characters, the first of which in a local part begins its extension; '' for none */
  readonly delimiters: string
  readonly caseMatters: boolean
}

export interface AddressParts {
  /** as given */
  readonly whole: string
  /** local part as given */
  readonly local: string
  /** lower case unless case matters */
  readonly user: string
  /** with its delimiter; '' for none */
  readonly extension: string
  /** lower-case ASCII, without trailing dots; '' for none */
  readonly domain: string
  /** false for a key without `@`, and for the null sender */
  readonly hasAt: boolean
}

/** Keys made of a domain's ends, beside the domain itself. */
export const MOST_SUFFIXES = 20

export function splitAddress(whole: string, rules: AddressRules): AddressParts {
  const at = whole.lastIndexOf('@')
  const local = at < 0 ? whole : whole.slice(0, at)
  const folded = rules.caseMatters ? local : local.toLowerCase()
  const split = extensionStart(local, rules.delimiters)
  return {
    whole,
    local,
    user: split < 0 ? folded : folded.slice(0, split),
    extension: split < 0 ? '' : folded.slice(split),
    domain: at < 0 ? '' : foldDomain(whole.slice(at + 1)),
    hasAt: at >= 0,
  }
}

/** Lower-case ASCII, trailing dots removed. */
export function foldDomain(domain: string): string {
  const trimmed = domain.endsWith('.') ? domain.replace(/\.+$/, '') : domain
  if (/^[\x00-\x7f]*$/.test(trimmed)) return trimmed.toLowerCase()
  return domainToASCII(trimmed) || trimmed.toLowerCase()
}

/** Where the extension begins in a local part; -1 when it has none. */
export function extensionStart(local: string, delimiters: string): number {
  if (delimiters === '') return -1
  let at = 0
  while (at < local.length && !delimiters.includes(local[at]!)) at++
  if (at === 0 || at === local.length) return -1
  // names of the mail system itself, some of which have a dash in them
  if (/^(?:mailer-daemon|double-bounce|postmaster)$/i.test(local)) return -1
  return delimiters.includes('-') && /^owner-|-request$/is.test(local) ? -1 : at
}

/** The keys of an address in the order in which a hash is asked; none twice. */
export function addressKeys({whole, user, extension, domain, hasAt}: AddressParts): string[] {
  if (whole === '' || whole === '@') return ['', '@', '.']
  const keys = [whole]
  const add = (key: string) => {
    if (!keys.includes(key)) keys.push(key)
  }
  const end = hasAt ? `@${domain}` : ''
  if (extension !== '') add(`${user}${extension}${end}`)
  add(`${user}${end}`)
  if (extension !== '') add(`${user}${extension}@`)
  add(`${user}@`)
  add(domain)
  if (domain !== '' && !domain.startsWith('[')) addSuffixes(keys, domain)
  keys.push('.')
  return keys
}

/** `.sub.example.com`, `.example.com`, `.com`. */
function addSuffixes(keys: string[], domain: string): void {
  keys.push(`.${domain}`)
  let count = 1
  for (let dot = domain.indexOf('.'); dot >= 0 && count < MOST_SUFFIXES; dot = domain.indexOf('.', dot + 1)) {
    keys.push(domain.slice(dot))
    count++
  }
}
