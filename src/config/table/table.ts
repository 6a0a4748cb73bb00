/**
 * table/table — all settings: one list, and the ways to find a name in it.
 *
 * The types of values, the checks, the hints for misspelt names, `config show` and the manual's list of
 * settings come from here.
 */
import {ANVIL} from './anvil.ts'
import {BANKS} from './banks.ts'
import {BANNED} from './banned.ts'
import {CHANGES} from './changes.ts'
import {DECODING} from './decoding.ts'
import type {SettingDefinition} from './definition.ts'
import {DESTINIES} from './destinies.ts'
import {DKIM} from './dkim.ts'
import {DOMAINS} from './domains.ts'
import {FACTS} from './facts.ts'
import {IDENTITY} from './identity.ts'
import {LISTENING} from './listening.ts'
import {LOGGING} from './logging.ts'
import {NOTIFICATIONS} from './notifications.ts'
import {OBSOLETE} from './obsolete.ts'
import {OWN} from './own.ts'
import {PROGRAMS} from './programs.ts'
import {QUARANTINE} from './quarantine.ts'
import {SENDING} from './sending.ts'
import {SPAM} from './spam.ts'
import {STORES} from './stores.ts'
import {VIRUS} from './virus.ts'

export interface SettingGroup {
  readonly title: string
  readonly settings: readonly SettingDefinition[]
}

export const SETTING_GROUPS: readonly SettingGroup[] = [
  {title: 'Identity, home, process control', settings: IDENTITY},
  {title: 'Listening side (SMTP, LMTP, AM.PDP)', settings: LISTENING},
  {title: 'Sending side', settings: SENDING},
  {title: 'Logging, debugging, monitoring', settings: LOGGING},
  {title: 'Local domains, networks, addresses', settings: DOMAINS},
  {title: 'Decoding', settings: DECODING},
  {title: 'Virus checks', settings: VIRUS},
  {title: 'Banned and header checks', settings: BANNED},
  {title: 'Spam scanning', settings: SPAM},
  {title: 'Destinies, lovers', settings: DESTINIES},
  {title: 'Quarantine and release', settings: QUARANTINE},
  {title: 'Notifications', settings: NOTIFICATIONS},
  {title: 'Changes to passed mail', settings: CHANGES},
  {title: 'DKIM', settings: DKIM},
  {title: 'SQL, LDAP, Redis', settings: STORES},
  {title: 'Policy banks', settings: BANKS},
  {title: 'Program paths', settings: PROGRAMS},
  {title: 'Processes and the bus', settings: OWN},
  {title: 'Counting server, limits for clients', settings: ANVIL},
  {title: 'Retired, accepted without effect', settings: OBSOLETE},
  {title: 'Facts that configurations can read', settings: FACTS},
]

export const SETTINGS: readonly SettingDefinition[] = SETTING_GROUPS.flatMap(group => group.settings)

/** Alternative names of variables (not of bank keys), and the variable each one is. */
export const ALTERNATIVE_NAMES: ReadonlyMap<string, string> = new Map([
  ['%final_destiny_by_ccat', '%final_destiny_maps_by_ccat'],
  ['%defang_by_ccat', '%defang_maps_by_ccat'],
  ['$sql_partition_tag', '$partition_tag'],
  ['$DO_SYSLOG', '$do_syslog'],
  ['$LOGFILE', '$logfile'],
])
