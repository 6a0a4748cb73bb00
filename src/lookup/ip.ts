/**
 * ip — client addresses in lists and tables of networks.
 *
 * Source: spec/config, IP address lookup. Pure. The order of a list counts: the first network that holds
 * the address decides, whatever the size of the list.
 */
import {
  type Address,
  dottedForm,
  fullForm,
  type Network,
  networkHolds,
  parseAddress,
  parseNetwork,
} from '../config/ip-network.ts'
import {numberText} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {callCode} from './code.ts'
import type {Match} from './lookup.ts'

type Entry = {readonly text: string; readonly network: Network} | {readonly table: Scalar}

/** Lists never change once a configuration is loaded, so what was made of one is kept as long as it lives. */
const prepared = new WeakMap<readonly Scalar[], readonly Entry[]>()

/**
 * The first element of an address list, `@inet_acl` or `@mynetworks`, that holds an address: 1, or 0 for
 * a negated one. References to further lists in it are followed.
 * @param address any notation; one that is no address matches nothing but `::/0`
 * @throws AmavisError AM_CONFIG for an element that is no network
 */
export function lookupIp(acl: readonly Scalar[], address: string): Match | undefined {
  return inList(acl, parseAddress(address))
}

/**
 * A client address in a list of tables, such as `@mynetworks_maps`: constants, hashes, address lists.
 * @throws AmavisError AM_CONFIG for a table of no known kind
 */
export function lookupIpTables(
  tables: readonly Scalar[],
  address: string,
  settings: Settings,
): Match | undefined {
  const parsed = parseAddress(address)
  for (const table of tables) {
    const match = inTable(table, parsed, settings)
    if (match) return match
  }
  return undefined
}

/**
 * The policy banks for a client, from the pairs of `@client_ipaddr_policy`: the first table that is true
 * for it and has names decides. An unknown client (undefined) counts as 0.0.0.0.
 * @throws AmavisError AM_CONFIG for a table of no known kind
 */
export function clientPolicyBanks(
  pairs: readonly Scalar[],
  address: string | undefined,
  settings: Settings,
): readonly string[] {
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const names = pairs[i + 1]
    if (typeof names !== 'string') continue
    const value = lookupIpTables([pairs[i]], address ?? '0.0.0.0', settings)?.value
    if (value !== undefined && value !== 0 && value !== '' && value !== '0') {
      return names
        .split(',')
        .map(name => name.trim())
        .filter(name => name !== '')
    }
  }
  return []
}

function inTable(table: Scalar, address: Address | undefined, settings: Settings): Match | undefined {
  let value =
    typeof table === 'object' && table.kind === 'ref' && table.to.kind === 'scalar' ? table.to.value : table
  if (typeof value === 'object' && value.kind === 'code') value = callCode(value, settings)
  if (value === undefined) return undefined
  if (typeof value !== 'object') return {value, matchedKey: '(constant)'}
  if (value.kind === 'ref' && value.to.kind === 'array') return inList(value.to.items, address)
  if (value.kind === 'ref' && value.to.kind === 'hash') return address && inHash(value.to.entries, address)
  if (value.kind === 'object' && value.of === 'IP') return inList(value.items, address)
  if (value.kind === 'object' && value.of === 'Label') return undefined
  throw new AmavisError(
    'AM_CONFIG',
    `${value.kind === 'object' ? value.of : 'a reference'} cannot be used as a table of networks`,
  )
}

function inList(list: readonly Scalar[], address: Address | undefined): Match | undefined {
  let entries = prepared.get(list)
  if (!entries) {
    entries = list.flatMap(item => (item === undefined ? [] : [entryOf(item)]))
    prepared.set(list, entries)
  }
  for (const entry of entries) {
    if ('table' in entry) {
      const nested = nestedMatch(entry.table, address)
      if (nested) return nested
    } else if (address ? networkHolds(entry.network, address) : entry.network.bits === 0) {
      return {value: entry.network.negated ? 0 : 1, matchedKey: entry.text}
    }
  }
  return undefined
}

function entryOf(item: Scalar): Entry {
  if (typeof item === 'object') return {table: item}
  const text = typeof item === 'number' ? numberText(item) : (item ?? '')
  const network = parseNetwork(text)
  if (!network) throw new AmavisError('AM_CONFIG', `"${text}" is no address or network`)
  return {text, network}
}

function nestedMatch(table: Scalar, address: Address | undefined): Match | undefined {
  if (typeof table === 'object' && table.kind === 'ref') {
    if (table.to.kind === 'array') return inList(table.to.items, address)
    if (table.to.kind === 'hash') return address && inHash(table.to.entries, address)
  }
  throw new AmavisError('AM_CONFIG', 'an address list has something else than networks in it')
}

function inHash(entries: ReadonlyMap<string, Scalar>, address: Address): Match | undefined {
  const key = clientKeys(address).find(candidate => entries.has(candidate))
  const value = key === undefined ? undefined : entries.get(key)
  return key === undefined || value === undefined ? undefined : {value, matchedKey: key}
}

/** Keys of a hash of networks: the dotted address and its leading parts, then the full IPv6 form. */
export function clientKeys(address: Address | undefined): string[] {
  if (!address) return []
  const keys: string[] = []
  let key = dottedForm(address)
  while (key !== undefined) {
    keys.push(key)
    key = key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : undefined
  }
  keys.push(fullForm(address))
  return keys
}
