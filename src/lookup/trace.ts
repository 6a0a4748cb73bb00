/**
 * trace — a look-up explained: each table asked, each key tried, and the entry that answered with its line.
 *
 * Follows the definition of a look-up entry by entry and shares nothing with the indexes that make real
 * look-ups quick, which carry no tracing at all. Loaded only where a person asks; daemon children never do.
 *
 *   traceLookup('@spam_lovers_maps', 'User+x@dom.test', {settings, variables, origins})
 *
 * gives
 *
 *   {map, key, bankPath: '', tables: [
 *     {name: '%spam_lovers', kind: 'hash', at, size: 2,
 *      tried: ['User+x@dom.test', 'user+x@dom.test', 'user@dom.test'],
 *      answer: {key: 'user@dom.test', value: 1, at: {file: 'amavisd.conf', line: 7}}}],
 *    answer: …the same…}
 *
 * For networks (`@mynetworks_maps`, `@inet_acl`, `@client_ipaddr_policy`) the key is an address of a client;
 * for `%…_by_ccat` a category, and after a blank a mail address where tables are asked at it: `8 a@b.test`.
 * Source: spec/config, Lookups.
 */

import {isTrue, numberText} from '../config/number.ts'
import type {Place} from '../config/origins.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {readCategory, traceCategories} from './trace-category.ts'
import {
  type Traced,
  type TracedTable,
  type TraceKey,
  type TraceSources,
  traceTable,
  traceTables,
} from './trace-table.ts'

export interface Trace extends Traced {
  /** the setting, with its sigil */
  readonly map: string
  readonly key: string
  /** the policy banks in force, '' for none */
  readonly bankPath: string
}

const NETWORK_LISTS = new Set(['@mynetworks', '@inet_acl'])
const NETWORK_TABLES = new Set(['@mynetworks_maps', '@ip_repu_ignore_maps'])

/**
 * Explain the look-up of a key in a setting.
 * @throws AmavisError AM_CONFIG when the setting does not exist, or the key has not the form it needs
 */
export function traceLookup(map: string, key: string, sources: TraceSources): Trace {
  const {bankPath} = sources.settings
  if (/^%.*_by_ccat$/.test(map)) {
    const {category, address} = readCategory(key)
    return {map, key, bankPath, ...traceCategories(map as `%${string}`, category, address, sources)}
  }
  if (map === '@client_ipaddr_policy') return {map, key, bankPath, ...traceClientPolicy(key, sources)}
  const networks = NETWORK_LISTS.has(map) || NETWORK_TABLES.has(map)
  const wanted: TraceKey = networks ? {kind: 'client', address: key} : {kind: 'address', address: key}
  const {tables, at} = tablesOf(map, sources)
  return {map, key, bankPath, ...traceTables(map, tables, wanted, sources, at)}
}

/** The tables that a setting of any kind is: a list of tables, or one table of its own. */
function tablesOf(
  map: string,
  {settings, variables, origins}: TraceSources,
): {readonly tables: readonly Scalar[]; readonly at?: (index: number) => Place | undefined} {
  const box = variables.get(map)
  if (!box) throw new AmavisError('AM_CONFIG', `there is no setting ${map}`)
  if (box.kind === 'hash') return {tables: [{kind: 'ref', to: box}]}
  if (box.kind === 'scalar') return {tables: [settings.scalar(map as `$${string}`)]}
  const items = settings.list(map as `@${string}`)
  const isTable = NETWORK_LISTS.has(map) || /_acl$/.test(map)
  if (isTable)
    return {
      tables: [{kind: 'ref', to: {kind: 'array', items: [...items]}}],
      at: () => origins.ofItem(items, 0),
    }
  return {tables: items}
}

/** Pairs of a table and names of banks: the first true one with names decides. */
function traceClientPolicy(address: string, sources: TraceSources): Traced {
  const pairs = sources.settings.list('@client_ipaddr_policy')
  const traced: TracedTable[] = []
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const at = sources.origins.ofItem(pairs, i)
    const one = traceTable(pairs[i], {kind: 'client', address}, sources, `@client_ipaddr_policy[${i}]`, at)
    traced.push(one)
    const names = pairs[i + 1]
    if (!one.answer || !isTrue(one.answer.value) || names === undefined) continue
    const value = typeof names === 'number' ? numberText(names) : names
    return {tables: traced, answer: {...one.answer, value}}
  }
  return {tables: traced, answer: undefined}
}
