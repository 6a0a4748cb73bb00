/**
 * acl — lists of addresses and domains, first match decides (spec/config, ACL arrays).
 */
import {numberText} from '../config/number.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {type AddressParts, foldDomain} from './address-keys.ts'

type Entry = {readonly text: string; readonly value: 0 | 1} & (
  | {readonly kind: 'all' | 'null'}
  | {readonly kind: 'address'; readonly local: string; readonly domain: string}
  | {readonly kind: 'domain' | 'suffix'; readonly domain: string}
)

/** Lists never change once a configuration is loaded, so what was made of one is kept as long as it lives. */
const prepared = new WeakMap<readonly Scalar[], readonly Entry[]>()

/**
 * The first entry that holds for an address: 1, or 0 for one with an odd number of `!`.
 * @throws AmavisError AM_CONFIG when the list has something else than texts in it
 */
export function matchAcl(
  list: readonly Scalar[],
  address: AddressParts,
  caseMatters: boolean,
): {value: 0 | 1; matchedKey: string} | undefined {
  let entries = prepared.get(list)
  if (!entries) {
    entries = list.flatMap(item => (item === undefined ? [] : [entryOf(item)]))
    prepared.set(list, entries)
  }
  for (const entry of entries) {
    if (holds(entry, address, caseMatters)) return {value: entry.value, matchedKey: entry.text}
  }
  return undefined
}

function entryOf(item: Scalar): Entry {
  if (typeof item === 'object')
    throw new AmavisError('AM_CONFIG', 'a list of addresses and domains has a reference in it')
  const text = typeof item === 'number' ? numberText(item) : (item ?? '')
  const [, marks = '', body = ''] = /^((?:!\s*)*)([\s\S]*)$/.exec(text) ?? []
  const value = marks.replace(/\s/g, '').length % 2 === 1 ? 0 : 1
  if (body === '.') return {kind: 'all', text, value}
  if (body === '@') return {kind: 'null', text, value}
  const at = body.lastIndexOf('@')
  if (at >= 0)
    return {kind: 'address', local: body.slice(0, at), domain: foldDomain(body.slice(at + 1)), text, value}
  if (body.startsWith('.')) return {kind: 'suffix', domain: `.${foldDomain(body.slice(1))}`, text, value}
  return {kind: 'domain', domain: foldDomain(body), text, value}
}

function holds(entry: Entry, address: AddressParts, caseMatters: boolean): boolean {
  switch (entry.kind) {
    case 'all':
      return true
    case 'null':
      return address.whole === ''
    case 'domain':
      return address.hasAt && address.domain === entry.domain
    case 'suffix':
      return (
        address.hasAt && (address.domain.endsWith(entry.domain) || address.domain === entry.domain.slice(1))
      )
    case 'address':
      if (!address.hasAt || address.domain !== entry.domain || entry.domain === '') return false
      return caseMatters
        ? address.local === entry.local
        : address.local.toLowerCase() === entry.local.toLowerCase()
  }
}
