/**
 * directory — what SQL and LDAP servers are asked about the addresses of a mail.
 *
 * Look-ups themselves are synchronous: a mail's addresses are asked about before, each once, and what came back
 * becomes part of its settings (Settings.withDirectory). An engine is a DirectoryServer; a server that fails is
 * an error for the mail, which waits.
 * Source: spec/config, SQL lookups; LDAP lookups.
 */

import {isTrue} from '../config/number.ts'
import type {Directory, DirectoryRecord, Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {type AddressParts, addressKeys, MOST_SUFFIXES, splitAddress} from './address-keys.ts'
import {lookup} from './lookup.ts'
import {addressRules} from './subject.ts'

/** What a query's placeholders stand for. */
export interface DirectoryQuery {
  /** `%k`, the most specific first; LDAP's records are put in this order */
  readonly keys: readonly string[]
  /** `%a %l %u %e %d` */
  readonly address: AddressParts
}

export interface DirectoryServer {
  readonly kind: 'sql' | 'ldap'
  /**
   * The records of all keys that match, in the order in which they are to be asked.
   * @throws AmavisError when there is no answer: never an empty list then
   */
  lookup(query: DirectoryQuery): Promise<readonly DirectoryRecord[]>
}

/** Ask all servers about all addresses, each pair once. Throws as the servers do. */
export async function askDirectory(
  servers: readonly DirectoryServer[],
  addresses: readonly string[],
  settings: Settings,
): Promise<Directory> {
  const answers = new Map<string, readonly DirectoryRecord[]>()
  const asked = [...new Set(addresses)].flatMap(address => servers.map(server => ({server, address})))
  await Promise.all(
    asked.map(async ({server, address}) => {
      const query = directoryQuery(server.kind, address, settings)
      answers.set(`${server.kind} ${address}`, await server.lookup(query))
    }),
  )
  return {records: (kind, address) => answers.get(`${kind} ${address}`)}
}

/** The query about an address by the settings in force. */
export function directoryQuery(kind: 'sql' | 'ldap', whole: string, settings: Settings): DirectoryQuery {
  const address = splitAddress(whole, addressRules(settings))
  if (settings.flag(`$${kind}_lookups_no_at_means_domain`)) return {keys: addressKeys(address), address}
  const isLocal = isTrue(lookup(staticTables(settings), whole, settings)?.value)
  return {keys: directoryKeys(address, isLocal), address}
}

/** Of `@local_domains_maps` those that need no server. */
function staticTables(settings: Settings): readonly Scalar[] {
  return settings
    .list('@local_domains_maps')
    .filter(
      item => typeof item !== 'object' || item.kind !== 'object' || !/^(?:SQLfield|LDAPattr)$/.test(item.of),
    )
}

/**
 * The keys of an address as servers have them: domains with an `@` in front, users of local domains bare.
 * @param isLocal whether bare users are asked for
 */
function directoryKeys(address: AddressParts, isLocal: boolean): readonly string[] {
  const {whole, user, extension, domain, hasAt} = address
  if (whole === '' || whole === '@') return ['', '@', '@.']
  const full = hasAt ? `@${domain}` : ''
  const keys = [whole]
  if (extension !== '') keys.push(`${user}${extension}${full}`)
  keys.push(`${user}${full}`)
  if (isLocal || !hasAt) {
    if (extension !== '') keys.push(`${user}${extension}`)
    keys.push(user)
  }
  keys.push(`@${domain}`)
  if (domain !== '' && !domain.startsWith('[')) {
    const labels = domain.split('.')
    for (let i = 0; i < Math.min(labels.length, MOST_SUFFIXES); i++)
      keys.push(`@.${labels.slice(i).join('.')}`)
  }
  return [...new Set([...keys, '@.'])]
}
