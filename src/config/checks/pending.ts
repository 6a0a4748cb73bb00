/**
 * checks/pending — settings that are accepted and do nothing here so far, with what an operator can do meanwhile.
 */
import type {Examined, Remark} from './examined.ts'

const NOTHING_IS_STORED = 'nothing is stored: the log, the quarantine folder and report_json have it'
const NO_LOOKUPS = '@lookup_sql_dsn and $enable_ldap defer all mail'
const ONE_POOL = '$max_servers children run at all times'

const PENDING: ReadonlyMap<string, string> = new Map([
  ['$always_bcc', "no copy is sent: the MTA's own setting does it (always_bcc of Postfix)"],
  ['%always_bcc_by_ccat', "no copy is sent: the MTA's own setting does it (always_bcc of Postfix)"],
  ['$min_servers', ONE_POOL],
  ['$min_spare_servers', ONE_POOL],
  ['$max_spare_servers', ONE_POOL],
  ['@keep_decoded_original_maps', 'what a decoder takes apart is looked at by scanners as it came, always'],
  ['$mail_digest_algorithm', 'digests of bodies are MD5'],
  ['$mail_part_digest_algorithm', 'parts have no digest'],
  ['$enable_log_capture', '@debug_sender_maps has all of a mail logged'],
  ['$enable_log_capture_dump', '@debug_sender_maps has all of a mail logged'],
  ['$notify_autoresp_templ', 'there are no automatic responses'],
  ['%notify_autoresp_templ_by_ccat', 'there are no automatic responses'],
  ['@storage_sql_dsn', NOTHING_IS_STORED],
  ['$sql_store_info_for_all_msgs', NOTHING_IS_STORED],
  ['$partition_tag', NOTHING_IS_STORED],
  ['@storage_redis_dsn', NOTHING_IS_STORED],
  ['$redis_logging_key', '$log_format = "json" and a collector of the log do it'],
  ['$ip_repu_score_limit', 'no reputation of addresses is kept'],
  ['%sql_clause', NO_LOOKUPS],
  ['$default_ldap', NO_LOOKUPS],
])

export function* pendingSettings(config: Examined): Iterable<Remark> {
  for (const [name, help] of PENDING) {
    if (!config.isSet(name)) continue
    yield {level: 'warning', at: config.at(name), message: `${name} has no effect yet`, help}
  }
}
