/**
 * table/logging — settings: logging, debugging, monitoring.
 */
import {RECIPIENT_TEMPLATE, SHORT_TEMPLATE, VERBOSE_TEMPLATE} from '../../log/template/built-in.ts'
import type {SettingDefinition} from './definition.ts'

/** As Perl writes a text. */
function perlText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

export const LOGGING: readonly SettingDefinition[] = [
  {
    name: '$log_level',
    kind: 'int',
    bank: 'yes',
    default: '0',
    doc: 'verbosity, normally 0..5, may be negative',
  },
  {
    name: '$do_syslog',
    kind: 'bool',
    bank: 'no',
    doc: 'log to syslog; else to $logfile, and without one to standard error',
  },
  {
    name: '$logfile',
    kind: 'path',
    bank: 'no',
    doc: 'log file, used when syslog is off; neither: standard error',
  },
  {
    name: '$syslog_ident',
    kind: 'str',
    bank: 'yes',
    default: "'amavis'",
    doc: 'name under which syslog shows our entries',
  },
  {name: '$syslog_facility', kind: 'str', bank: 'yes', default: "'mail'", doc: 'syslog facility name'},
  {
    name: '$logline_maxlen',
    kind: 'int',
    bank: 'no',
    default: '980',
    doc: 'split syslog lines longer than this (minimum 50)',
  },
  {
    name: '$log_templ',
    kind: 'template',
    bank: 'yes',
    default: perlText(SHORT_TEMPLATE),
    doc: 'log entry of each message; undef: the short built-in one; empty: none',
  },
  {
    name: '$log_recip_templ',
    kind: 'template',
    bank: 'yes',
    default: perlText(RECIPIENT_TEMPLATE),
    doc: 'log entry of each recipient; undef or empty: none',
  },
  {
    name: '$log_short_templ',
    kind: 'template',
    bank: 'no',
    default: perlText(SHORT_TEMPLATE),
    doc: 'built-in short template text, readable in config only',
  },
  {
    name: '$log_verbose_templ',
    kind: 'template',
    bank: 'no',
    default: perlText(VERBOSE_TEMPLATE),
    doc: 'built-in long template text, readable in config only',
  },
  {
    name: '$macro_tests_sanity_limit',
    kind: 'int',
    bank: 'no',
    default: '50',
    doc: 'longest list produced by the test-list macros, then "..."',
  },
  {
    name: '$enable_log_capture',
    kind: 'bool',
    bank: 'no',
    doc: 'record full debug log of each message in a temporary file',
  },
  {
    name: '$enable_log_capture_dump',
    kind: 'bool',
    bank: 'yes',
    doc: 'copy the captured log to the main log at level 1',
  },
  {
    name: '$DEBUG',
    kind: 'bool',
    bank: 'no',
    default: '0',
    doc: 'log to stderr, treat all levels as 0, stay in foreground',
  },
  {
    name: '@debug_sender_acl',
    kind: 'acl',
    bank: 'maps',
    doc: 'list in @debug_sender_maps: addresses and domains, "!" before one means no',
  },
  {
    name: '@debug_sender_maps',
    kind: 'sender→bool',
    bank: 'yes',
    default: '(\\@debug_sender_acl)',
    doc: 'full debug logging of matching messages, work directory kept',
  },
  {
    name: '@debug_recipient_maps',
    kind: 'recip→bool',
    bank: 'yes',
    doc: 'as @debug_sender_maps, by recipient',
  },
  {name: '$nanny_details_level', kind: 'int', bank: 'no', default: '1', doc: 'process state detail 0..2'},
  {
    name: '$enable_db',
    kind: 'bool',
    bank: 'no',
    obsolete: 'silent',
    successor: 'states and counters travel on the bus, see $enable_zmq',
    doc: 'accepted without effect: there is no Berkeley DB, state is published on the bus',
  },
  {name: '$enable_zmq', kind: 'bool', bank: 'no', default: '1', doc: 'publish state and counters on the bus'},
  {
    name: '@zmq_sockets',
    kind: 'list',
    bank: 'no',
    afterDefault: '"ipc://$MYHOME/amavisd-zmq.sock"',
    doc: 'bus endpoints that processes of this machine publish to',
  },
  {
    name: '$snmp_contact',
    kind: 'str',
    bank: 'yes',
    default: "''",
    doc: 'who looks after this host: sysContact of SNMP',
  },
  {
    name: '$snmp_location',
    kind: 'str',
    bank: 'yes',
    default: "''",
    doc: 'where this host stands: sysLocation of SNMP',
  },
  {name: '$profiling', kind: 'bool', bank: 'no', doc: 'internal profiler flag'},
]
