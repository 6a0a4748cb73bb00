/**
 * table/virus — settings: virus checks.
 */
import type {SettingDefinition} from './definition.ts'
import {VIRUS_NAME_POINTS} from './virus-names.ts'

export const VIRUS: readonly SettingDefinition[] = [
  {
    name: '@av_scanners',
    kind: 'list',
    bank: 'yes',
    doc: 'scanners asked first: [name, program or code, arguments, clean, infected, names, before, after]',
  },
  {
    name: '@av_scanners_backup',
    kind: 'list',
    bank: 'yes',
    doc: 'scanners tried only if no primary gave a result',
  },
  {name: '$first_infected_stops_scan', kind: 'bool', bank: 'yes', doc: 'stop at the first infection'},
  {
    name: '$virus_scanners_failure_is_fatal',
    kind: 'bool',
    bank: 'yes',
    doc: 'tempfail when all scanners fail (else CC_UNCHECKED)',
  },
  {
    name: '@bypass_virus_checks_maps',
    kind: 'recip→bool',
    bank: 'yes',
    default: '(\\%bypass_virus_checks, \\@bypass_virus_checks_acl, \\$bypass_virus_checks_re)',
    doc: 'skip virus checks; a literal true first element in the base bank disables AV code altogether',
  },
  {
    name: '%bypass_virus_checks',
    kind: 'hash',
    bank: 'maps',
    doc: 'hash in @bypass_virus_checks_maps: address or domain => value',
  },
  {
    name: '@bypass_virus_checks_acl',
    kind: 'acl',
    bank: 'maps',
    doc: 'list in @bypass_virus_checks_maps: addresses and domains, "!" before one means no',
  },
  {
    name: '$bypass_virus_checks_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @bypass_virus_checks_maps, new_RE(…)',
  },
  {
    name: '@viruses_that_fake_sender_maps',
    kind: 'name→bool',
    bank: 'yes',
    default: '(\\$viruses_that_fake_sender_re, 1)',
    doc: 'virus names for which no DSN is sent',
  },
  {
    name: '$viruses_that_fake_sender_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @viruses_that_fake_sender_maps, new_RE(…)',
  },
  {
    name: '@virus_name_to_spam_score_maps',
    kind: 'name→num',
    bank: 'yes',
    default: VIRUS_NAME_POINTS,
    doc: 'names counted as spam points instead of infection; undef: infection',
  },
  {
    name: '@virus_name_to_policy_bank_maps',
    kind: 'name→str',
    bank: 'yes',
    doc: "comma list of banks to load; value 1 means 'VIRUS'",
  },
]
