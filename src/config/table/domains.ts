/**
 * table/domains — settings: local domains, networks, addresses.
 */
import type {SettingDefinition} from './definition.ts'

export const DOMAINS: readonly SettingDefinition[] = [
  {
    name: '@local_domains_maps',
    kind: 'recip→bool',
    bank: 'yes',
    default: '(\\%local_domains, \\@local_domains_acl, \\$local_domains_re)',
    doc: 'which addresses are ours',
  },
  {
    name: '%local_domains',
    kind: 'hash',
    bank: 'maps',
    doc: 'hash in @local_domains_maps: address or domain => value',
  },
  {
    name: '@local_domains_acl',
    kind: 'acl',
    bank: 'maps',
    doc: 'list in @local_domains_maps: addresses and domains, "!" before one means no',
  },
  {
    name: '$local_domains_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @local_domains_maps, new_RE(…)',
  },
  {
    name: '@mynetworks',
    kind: 'ip-acl',
    bank: 'no',
    default:
      "('127.0.0.0/8', '[::1]', '169.254.0.0/16', '[fe80::]/10', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '[fc00::]/7')",
    doc: 'our client networks',
  },
  {
    name: '@mynetworks_maps',
    kind: 'ip-list of tables',
    bank: 'yes',
    default: '(\\@mynetworks)',
    doc: 'list of tables defining our networks',
  },
  {
    name: '@client_ipaddr_policy',
    kind: 'pairs',
    bank: 'yes',
    default: "(\\@mynetworks, 'MYNETS')",
    doc: "ip-table, 'bank1,bank2', ...; first match decides",
  },
  {
    name: '$recipient_delimiter',
    kind: 'str',
    bank: 'yes',
    doc: "set of address extension delimiter characters; first one is used when adding; undef/'' = no extensions",
  },
  {
    name: '$replace_existing_extension',
    kind: 'bool',
    bank: 'yes',
    default: '1',
    doc: 'replace instead of append an extension',
  },
  {
    name: '$localpart_is_case_sensitive',
    kind: 'bool',
    bank: 'yes',
    default: '0',
    doc: 'do not lowercase local parts in lookups',
  },
]
