/**
 * built-in — the templates of log entries that a configuration starts from (spec/config §9.3, 9.6, 9.7).
 *
 * Entries by SHORT_TEMPLATE and RECIPIENT_TEMPLATE are made without it (main-entry.ts): both say the same.
 */

/** `{actions}, bank LOCAL [client]:port [oldest]`. */
const PATH = ` {[:actions_performed]}#
,[?%p|| %p][?%a||[?%l|| LOCAL] [:client_addr_port]][?%e|| \\[%e\\]]#
`

const IDS = `[? %q ||, quarantine: %q]#
[? %Q ||, Queue-ID: %Q]#
[? %m ||, Message-ID: [:mail_addr_decode|%m]]#
[? %r ||, Resent-Message-ID: [:mail_addr_decode|%r]]#
`

const QUEUED = `[? %#D ||[? [:remote_mta_smtp_response] ||, queued_as: [:queued_as]]]#
`

const SIGNATURES = `[? [:dkim|sig_sd] ||, dkim_sd=[:dkim|sig_sd]]#
[? [:dkim|newsig_sd] ||, dkim_new=[:dkim|newsig_sd]]#
`

function twice(line: (verb: 'Passed' | 'Blocked', recipients: 'D' | 'O') => string): string {
  return `[?%#D|#|${line('Passed', 'D')}\n]\n[?%#O|#|${line('Blocked', 'O')}\n]`
}

/** One line for recipients that get the mail, one for those that do not. */
export const SHORT_TEMPLATE = twice(
  (verb, recipients) => `${verb} [:category_word|${verb}]#
${PATH} %s -> [%${recipients}|,]#
${IDS}[? %i ||, mail_id: %i]#
, Hits: [:SCORE], size: %z#
[? [:partition_tag] ||, pt: [:partition_tag]]#
${verb === 'Passed' ? QUEUED : ''}${SIGNATURES}, %y ms#`,
)

/** The same with more of the header, of the tests and of the way. */
export const VERBOSE_TEMPLATE = twice(
  (verb, recipients) => `${verb} [:category_word|${verb}]#
${PATH}[? [:client_protocol] || [:client_protocol]/[:protocol]]#
 %s -> [%${recipients}|,]#
[? [:ip_proto_trace_public] ||, ([ ip_proto_trace_public |%x| < ])]#
[? [:tls_in] ||, tls: [:tls_in]]#
${IDS}, mail_id: %i#
[? %b ||, b: [:substr|[:b64urlenc|[:body_digest]]|0|9]]#
, Hits: [:SCORE], size: %z#
[? [:partition_tag] ||, pt: [:partition_tag]]#
${verb === 'Passed' ? QUEUED : ''}[? %j ||, Subject: [:dquote|[:mime2utf8|[:header_field|Subject]|100|1]]]#
[? [:rfc2822_from] ||, From: [:rfc2822_from]]#
[? [:dkim|author] || (dkim:AUTHOR)]#
[? [:useragent|name] ||, [:useragent|name]: [:uquote|[:useragent|body]]]#
[? [:client_helo] ||, helo=[:client_helo]]#
[? [:TESTSSCORES] ||, Tests: \\[[:TESTSSCORES|,]\\]]#
[? [:banning_rule_key] ||, b.key=[:banning_rule_key]]#
[? [:banned_parts] ||, b.parts=\\"[:banned_parts]\\"]#
[? [:supplementary_info|SCTYPE] ||, shortcircuit=[:supplementary_info|SCTYPE]]#
[? [:AUTOLEARN] ||, autolearn=[:AUTOLEARN]]#
[? [:supplementary_info|AUTOLEARNSCORE] ||, autolearnscore=[:supplementary_info|AUTOLEARNSCORE]]#
[? [:supplementary_info|LANGUAGES] ||, languages=[:uquote|[:supplementary_info|LANGUAGES]]]#
[? [:supplementary_info|RELAYCOUNTRY] ||, relaycountry=[:uquote|[:supplementary_info|RELAYCOUNTRY]]]#
[? [:supplementary_info|ASN] ||, asn=[:uquote|[:supplementary_info|ASN] [:supplementary_info|ASNCIDR]]]#
[? [:dkim|identity] ||, dkim_i=[:dkim|identity]]#
${SIGNATURES}[? [:rusage|ru_maxrss] ||, rss=[:rusage|ru_maxrss]]#
, %y ms#`,
)

/** One recipient. */
export const RECIPIENT_TEMPLATE = `[?%#D|Blocked|Passed] #
[:category_word]#
, %s -> <%R>, Hits: [:SCORE]#
, tag=[:tag_level], tag2=[:tag2_level], kill=[:kill_level]#
[? [:queued_as] |[? [:remote_mta_smtp_response] ||, fwd: [:remote_mta_smtp_response]]|, queued_as: [:queued_as]]#
, %0/%1/%2/%k`
