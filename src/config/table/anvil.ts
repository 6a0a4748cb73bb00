/**
 * table/anvil — settings of the counting server, `amavis anvil`, and of the limits that our own sessions have by it.
 */
import type {SettingDefinition} from './definition.ts'

export const ANVIL: readonly SettingDefinition[] = [
  {
    name: '$anvil_socket',
    kind: 'path',
    bank: 'no',
    default: "'/var/spool/postfix/private/anvil'",
    doc: 'Unix socket on which amavis anvil answers, in the place of the one of Postfix',
  },
  {
    name: '$anvil_socket_mode',
    kind: 'int',
    bank: 'no',
    default: '0666',
    doc: 'permissions of $anvil_socket; its folder is closed to others',
  },
  {
    name: '$anvil_rate_time_unit',
    kind: 'sec',
    bank: 'no',
    default: '60',
    doc: 'seconds over which amavis anvil counts events, and for which it remembers a client that has gone',
  },
  {
    name: '$anvil_status_update_time',
    kind: 'sec',
    bank: 'no',
    default: '600',
    doc: 'seconds between two entries of amavis anvil about the highest numbers',
  },
  {
    name: '$anvil_syslog_ident',
    kind: 'str',
    bank: 'no',
    default: "'postfix/anvil'",
    doc: 'name in front of the log entries of amavis anvil',
  },
  {
    name: '$anvil_announce',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'amavis anvil speaks first, as Postfix 3.6 and later expect; 0 for older ones',
  },
  {
    name: '$anvil_connection_limit',
    kind: 'int',
    bank: 'no',
    default: '5000',
    doc: 'connections that amavis anvil holds at once, one for each smtpd; further ones are closed',
  },
  {
    name: '$anvil_request_timeout',
    kind: 'sec',
    bank: 'no',
    default: '60',
    doc: 'seconds that a client of amavis anvil may take over one request once it has begun it',
  },
  {
    name: '$anvil_pid_file',
    kind: 'path',
    bank: 'no',
    afterDefault: '"$MYHOME/anvil.pid"',
    doc: 'PID file of amavis anvil',
  },
  {
    name: '$anvil_control_socket',
    kind: 'path',
    bank: 'no',
    afterDefault: '"$MYHOME/anvil.ctl"',
    doc: 'Unix socket on which amavis anvil is asked for its table',
  },
  {
    name: '$smtpd_client_connection_count_limit',
    kind: 'int',
    bank: 'yes',
    default: '0',
    doc: 'SMTP connections that a client may have to a port at once, as amavis anvil counts them; 0 = no limit',
  },
  {
    name: '$smtpd_client_connection_rate_limit',
    kind: 'int',
    bank: 'yes',
    default: '0',
    doc: 'SMTP connections of a client to a port within $anvil_rate_time_unit; 0 = no limit',
  },
  {
    name: '$smtpd_client_message_rate_limit',
    kind: 'int',
    bank: 'yes',
    default: '0',
    doc: 'MAIL commands of a client at a port within $anvil_rate_time_unit; 0 = no limit',
  },
  {
    name: '$smtpd_client_recipient_rate_limit',
    kind: 'int',
    bank: 'yes',
    default: '0',
    doc: 'RCPT commands of a client at a port within $anvil_rate_time_unit; 0 = no limit',
  },
  {
    name: '@smtpd_client_event_limit_exceptions',
    kind: 'ip-acl',
    bank: 'yes',
    default: '(\\@mynetworks)',
    doc: 'clients that are not counted, and to which the four limits above do not apply',
  },
  {
    name: '$smtpd_anvil_socket',
    kind: 'path',
    bank: 'no',
    afterDefault: '"$MYHOME/anvil.sock"',
    doc: 'Unix socket on which amavis anvil is asked by our own SMTP sessions, where $smtpd_client_*_limit limit them',
  },
]
