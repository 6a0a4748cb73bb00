/**
 * table/stores — settings: SQL, LDAP, Redis.
 */
import type {SettingDefinition} from './definition.ts'

export const STORES: readonly SettingDefinition[] = [
  {name: '@lookup_sql_dsn', kind: 'list', bank: 'no', doc: '[dsn,user,password] entries for lookups'},
  {
    name: '@storage_sql_dsn',
    kind: 'list',
    bank: 'no',
    doc: '[dsn, user, password] entries for logging and quarantine',
  },
  {name: '@storage_redis_dsn', kind: 'list', bank: 'no', doc: 'hashes with server, db_id, password, ttl'},
  {
    name: '$storage_redis_ttl',
    kind: 'sec',
    bank: 'no',
    default: '1382400',
    doc: 'life of stored pen-pals data',
  },
  {name: '$redis_logging_key', kind: 'str', bank: 'yes', doc: 'Redis list for JSON log events'},
  {
    name: '$redis_logging_queue_size_limit',
    kind: 'int',
    bank: 'no',
    doc: 'drop events above this length; undef/0 = no JSON logging',
  },
  {
    name: '$database_sessions_persistent',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'keep connections between messages',
  },
  {
    name: '$lookup_maps_imply_sql_and_ldap',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'put SQL and LDAP field lookups in front of the global maps',
  },
  {
    name: '%sql_clause',
    kind: 'hash',
    bank: 'yes',
    doc: 'SQL statements by purpose; a missing key means the built-in statement',
  },
  {
    name: '$sql_select_policy',
    kind: 'str',
    bank: 'no',
    doc: 'statement that finds policies; undef: built-in',
  },
  {
    name: '$sql_select_white_black_list',
    kind: 'str',
    bank: 'no',
    doc: 'statement that finds white and black lists; undef: built-in',
  },
  {
    name: '$sql_schema_version',
    kind: 'num',
    bank: 'no',
    default: "'2.013000'",
    doc: 'below 2.007 omits the newer columns',
  },
  {
    name: '$timestamp_fmt_mysql',
    kind: 'bool',
    bank: 'no',
    doc: "time_iso as 'YYYY-MM-DD hh:mm:ss' for MySQL TIMESTAMP",
  },
  {
    name: '$sql_allow_8bit_address',
    kind: 'bool',
    bank: 'no',
    default: '0',
    doc: "bind addresses as binary; otherwise non-printables become '?'",
  },
  {
    name: '$sql_lookups_no_at_means_domain',
    kind: 'bool',
    bank: 'no',
    default: '0',
    doc: "SQL keys in hash style (domain without '@', 'user@')",
  },
  {
    name: '$sql_quarantine_chunksize_max',
    kind: 'bytes',
    bank: 'no',
    default: '16384',
    doc: 'size of quarantine.mail_text chunks (1024 or more)',
  },
  {
    name: '$sql_store_info_for_all_msgs',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: '0 = only quarantined messages are logged',
  },
  {name: '$partition_tag', kind: 'value/code', bank: 'yes', doc: 'SQL partition tag; undef: 0'},
  {name: '$enable_ldap', kind: 'bool', bank: 'yes', doc: 'use LDAP lookups'},
  {name: '$default_ldap', kind: 'hash ref', bank: 'no', doc: 'LDAP connection and search parameters'},
  {
    name: '$ldap_lookups_no_at_means_domain',
    kind: 'bool',
    bank: 'no',
    default: '0',
    doc: 'LDAP keys in hash style',
  },
  {
    name: '$trim_trailing_space_in_lookup_result_fields',
    kind: 'bool',
    bank: 'no',
    default: '0',
    doc: 'strip trailing spaces from SQL/LDAP strings and read_hash values',
  },
]
