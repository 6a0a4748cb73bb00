/**
 * table/sending — settings: sending side.
 */
import type {SettingDefinition} from './definition.ts'

export const SENDING: readonly SettingDefinition[] = [
  {
    name: '$forward_method',
    kind: 'method or list',
    bank: 'yes',
    default: "'smtp:[127.0.0.1]:10025'",
    doc: "where passed mail goes; a list means fail-over alternatives; '' or undef = client delivers (milter)",
  },
  {
    name: '@forward_method_maps',
    kind: 'recip→method',
    bank: 'yes',
    default: "(sub { Opaque(c('forward_method')) })",
    doc: 'per-recipient forward method',
  },
  {
    name: '$notify_method',
    kind: 'method',
    bank: 'yes',
    default: "'smtp:[127.0.0.1]:10025'",
    doc: 'where notifications, DSN and mail-type quarantine go',
  },
  {
    name: '$resend_method',
    kind: 'method',
    bank: 'yes',
    doc: 'replaces the forward method when the body was altered',
  },
  {name: '$release_method', kind: 'method', bank: 'yes', doc: 'where released mail goes'},
  {
    name: '$requeue_method',
    kind: 'method',
    bank: 'yes',
    default: "'smtp:[127.0.0.1]:25'",
    doc: 'where requeued mail goes',
  },
  {name: '$local_client_bind_address', kind: 'addr', bank: 'yes', doc: 'source address for outgoing SMTP'},
  {name: '$auth_required_out', kind: 'bool', bank: 'yes', doc: 'next hop requires AUTH'},
  {name: '$amavis_auth_user', kind: 'str', bank: 'yes', doc: 'user for outgoing AUTH'},
  {name: '$amavis_auth_pass', kind: 'str', bank: 'yes', doc: 'password for outgoing AUTH'},
  {
    name: '$auth_reauthenticate_forwarded',
    kind: 'bool',
    bank: 'yes',
    doc: 'also authenticate forwarded mail with our credentials',
  },
  {
    name: '$tls_security_level_out',
    kind: 'enum',
    bank: 'yes',
    choices: ['may', 'encrypt'],
    doc: 'TLS towards the next hop: undef for none, may where it is offered, encrypt to insist',
  },
  {
    name: '%smtp_tls_client_options',
    kind: 'hash',
    bank: 'no',
    default: "('SSL_verifycn_scheme' => 'smtp')",
    doc: 'client side TLS options',
  },
  {
    name: '%smtp_tls_client_verifycn_name_maps',
    kind: 'hash',
    bank: 'no',
    doc: 'peer socket spec → certificate name to verify',
  },
  {
    name: '$smtp_connection_cache_enable',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'reuse next-hop sessions',
  },
  {
    name: '$smtp_connection_cache_on_demand',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'switch the cache on/off by message rate (on below 5 s gap, off at 15 s or more)',
  },
  {
    name: '$propagate_dsn_if_possible',
    kind: 'bool',
    bank: 'yes',
    default: '1',
    doc: 'pass DSN options on when the next hop announces DSN',
  },
  {
    name: '$terminate_dsn_on_notify_success',
    kind: 'bool',
    bank: 'yes',
    default: '0',
    doc: 'answer NOTIFY=SUCCESS here and do not pass it on',
  },
]
