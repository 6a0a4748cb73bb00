/**
 * directory-fields — which column of an SQL table, or attribute of an LDAP entry, feeds which setting.
 *
 * With SQL or LDAP look-ups configured, a field of its own stands in front of each of these lists, SQL's before
 * LDAP's before the static tables. A policy bank that brings its own list hides them, as in the original.
 * Source: spec/config, SQL lookups (Which field feeds which setting), LDAP lookups.
 */
import {isTrue} from './number.ts'
import type {Snapshot} from './snapshot.ts'
import type {Obj, Scalar} from './value.ts'

interface Field {
  readonly maps: `@${string}`
  readonly column: string
  readonly attribute: string
  /** `B` truth, `N` number, `S` text; then what a missing field means */
  readonly type: string
}

const FIELDS: readonly Field[] = [
  field('B1', 'local', 'Local', '@local_domains_maps'),
  ...fields('B-', {
    virus_lover: ['VirusLover', 'virus_lovers'],
    spam_lover: ['SpamLover', 'spam_lovers'],
    unchecked_lover: ['UncheckedLover', 'unchecked_lovers'],
    banned_files_lover: ['BannedFilesLover', 'banned_files_lovers'],
    bad_header_lover: ['BadHeaderLover', 'bad_header_lovers'],
    bypass_virus_checks: ['BypassVirusChecks'],
    bypass_spam_checks: ['BypassSpamChecks'],
    bypass_banned_checks: ['BypassBannedChecks'],
    bypass_header_checks: ['BypassHeaderChecks'],
    warnvirusrecip: ['WarnVirusRecip'],
    warnbannedrecip: ['WarnBannedRecip'],
    warnbadhrecip: ['WarnBadHeaderRecip'],
  }),
  ...fields('N-', {
    spam_tag_level: ['SpamTagLevel'],
    spam_tag2_level: ['SpamTag2Level'],
    spam_tag3_level: ['SpamTag3Level'],
    spam_kill_level: ['SpamKillLevel'],
    spam_dsn_cutoff_level: ['SpamDsnCutoffLevel'],
    spam_quarantine_cutoff_level: ['SpamQuarantineCutoffLevel'],
    message_size_limit: ['MessageSizeLimit'],
  }),
  ...fields('S-', {
    spam_subject_tag: ['SpamSubjectTag'],
    spam_subject_tag2: ['SpamSubjectTag2'],
    spam_subject_tag3: ['SpamSubjectTag3'],
    virus_quarantine_to: ['VirusQuarantineTo'],
    spam_quarantine_to: ['SpamQuarantineTo'],
    banned_quarantine_to: ['BannedQuarantineTo'],
    unchecked_quarantine_to: ['UncheckedQuarantineTo'],
    bad_header_quarantine_to: ['BadHeaderQuarantineTo'],
    clean_quarantine_to: ['CleanQuarantineTo'],
    archive_quarantine_to: ['ArchiveQuarantineTo'],
    addr_extension_virus: ['AddrExtensionVirus'],
    addr_extension_spam: ['AddrExtensionSpam'],
    addr_extension_banned: ['AddrExtensionBanned'],
    addr_extension_bad_header: ['AddrExtensionBadHeader'],
    newvirus_admin: ['NewVirusAdmin'],
    virus_admin: ['VirusAdmin'],
    spam_admin: ['SpamAdmin'],
    banned_admin: ['BannedAdmin'],
    bad_header_admin: ['BadHeaderAdmin'],
    banned_rulenames: ['BannedRuleNames', 'banned_filename'],
    disclaimer_options: ['DisclaimerOptions', 'disclaimer_options_bysender'],
    forward_method: ['ForwardMethod'],
    sa_userconf: ['SaUserConf'],
    sa_username: ['SaUserName'],
  }),
]

function field(type: string, column: string, attribute: string, maps: `@${string}`): Field {
  return {type, column, attribute: `amavis${attribute}`, maps}
}

/** By column: the attribute, and the list's name where it is another than the column's. */
function fields(type: string, columns: Readonly<Record<string, readonly [string, string?]>>): Field[] {
  return Object.entries(columns).map(([column, [attribute, list = column]]) =>
    field(type, column, attribute, `@${list}_maps`),
  )
}

/**
 * Put the fields of the configured servers in front of the lists of a configuration, once. The lists are changed in
 * place, as references to them must see it: for the process that is to look things up, never for one
 * that shows the configuration.
 */
export function addDirectoryFields({variables}: Snapshot): void {
  const scalar = (name: string): Scalar => {
    const box = variables.get(name)
    return box?.kind === 'scalar' ? box.value : undefined
  }
  if (!isTrue(scalar('$lookup_maps_imply_sql_and_ldap'))) return
  const dsn = variables.get('@lookup_sql_dsn')
  const servers = [
    ...(dsn?.kind === 'array' && dsn.items.length > 0 ? (['SQLfield'] as const) : []),
    ...(isTrue(scalar('$enable_ldap')) ? (['LDAPattr'] as const) : []),
  ]
  for (const {maps, column, attribute, type} of FIELDS) {
    const box = variables.get(maps)
    if (box?.kind !== 'array') continue
    const tables = servers.map(
      (of): Obj => ({kind: 'object', of, items: [of === 'SQLfield' ? column : attribute, type]}),
    )
    const missing = tables.filter(table => !box.items.some(item => isSame(item, table)))
    if (missing.length > 0) box.items = [...missing, ...box.items]
  }
}

function isSame(item: Scalar, {of, items}: Obj): boolean {
  return typeof item === 'object' && item.kind === 'object' && item.of === of && item.items[0] === items[0]
}
