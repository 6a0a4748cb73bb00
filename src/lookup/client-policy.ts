/**
 * client-policy — the policy banks for a client's address (spec/config, Policy banks, Order during a session).
 */
import {isTrue} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {bankNames} from './bank-names.ts'
import {lookupIpTables} from './ip.ts'

interface Pair {
  readonly table: readonly Scalar[]
  readonly names: readonly string[]
}

const NONE: readonly string[] = []
const prepared = new WeakMap<readonly Scalar[], readonly Pair[]>()

/**
 * The policy banks for a client, from the pairs of `@client_ipaddr_policy`: the first table that is true
 * for it and has names decides. An unknown client (undefined) counts as 0.0.0.0.
 * @returns for one pair always the same array, by which a view knows it again
 * @throws AmavisError AM_CONFIG for a table that cannot be asked
 */
export function clientPolicyBanks(
  pairs: readonly Scalar[],
  address: string | undefined,
  settings: Settings,
): readonly string[] {
  let ready = prepared.get(pairs)
  if (!ready) {
    ready = pairsOf(pairs)
    prepared.set(pairs, ready)
  }
  for (const {table, names} of ready) {
    if (isTrue(lookupIpTables(table, address ?? '0.0.0.0', settings)?.value)) return names
  }
  return NONE
}

/** Those with names: a pair without is passed over even where its table is true. */
function pairsOf(list: readonly Scalar[]): readonly Pair[] {
  const pairs: Pair[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    if (list[i + 1] !== undefined) pairs.push({table: [list[i]], names: bankNames(list[i + 1], '')})
  }
  return pairs
}
