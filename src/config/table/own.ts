/**
 * table/own — settings that the original does not have.
 */
import type {SettingDefinition} from './definition.ts'

export const OWN: readonly SettingDefinition[] = [
  {
    name: '$waiting_connections_limit',
    kind: 'int',
    bank: 'no',
    default: '200',
    doc: 'connections that may wait in the master for a free child; the rest waits in the kernel',
  },
  {
    name: '$child_memory_limit',
    kind: 'bytes',
    bank: 'no',
    default: '192*1024*1024',
    doc: 'a child whose resident memory is above this is replaced after its connection; 0: never',
  },
  {
    name: '$control_socket',
    kind: 'path',
    bank: 'no',
    afterDefault: '"$MYHOME/amavisd.ctl"',
    doc: 'Unix socket on which the running daemon takes commands',
  },
  {
    name: '$bus_outer_socket',
    kind: 'socket',
    bank: 'no',
    default: "'tcp://127.0.0.1:23232'",
    doc: 'bus endpoint that monitors subscribe to',
  },
  {
    name: '$bus_snmp_socket',
    kind: 'socket',
    bank: 'no',
    default: "'tcp://127.0.0.1:23233'",
    doc: 'bus endpoint that answers questions about counters',
  },
  {
    name: '$bus_broadcast_socket',
    kind: 'socket',
    bank: 'no',
    doc: 'bus endpoint at which snmp-responder says all counters every 10 s; undef: it does not',
  },
  {
    name: '$bus_curve_key_file',
    kind: 'path',
    bank: 'no',
    doc: 'key pair that encrypts the tcp endpoints of the bus, made by amavis bus-keys; undef: no encryption',
  },
  {
    name: '@bus_allowed_keys',
    kind: 'list',
    bank: 'no',
    doc: 'public keys that may connect to an encrypted bus, beside that of $bus_curve_key_file',
  },
  {
    name: '$bus_allow_unencrypted',
    kind: 'bool',
    bank: 'no',
    doc: 'true: an endpoint of the bus may be reachable from other machines without encryption',
  },
  {
    name: '$agentx_socket',
    kind: 'str',
    bank: 'no',
    default: "'/var/agentx/master'",
    doc: 'where the SNMP agent listens for amavis snmp-subagent: a path, or tcp:localhost:705',
  },
  {
    name: '$bus_recording',
    kind: 'bool',
    bank: 'no',
    default: '1',
    doc: 'amavis mc keeps a recording of the bus, for --replay of the monitors',
  },
  {
    name: '$bus_recording_directory',
    kind: 'path',
    bank: 'no',
    afterDefault: '"$MYHOME/bus-record"',
    doc: 'folder of that recording',
  },
  {
    name: '$bus_recording_size',
    kind: 'bytes',
    bank: 'no',
    default: '64*1024*1024',
    doc: 'the most that the recording takes; the oldest of it gives way',
  },
  {
    name: '$mta_queue_directory',
    kind: 'path',
    bank: 'no',
    default: "'/var/spool/postfix'",
    doc: 'queues of Postfix to count for monitoring, where $daemon_user may read them; undef: none',
  },
  {
    name: '$childproc_active_ttl',
    kind: 'sec',
    bank: 'no',
    default: '600',
    doc: 'a child busy with one message for longer than this is sent TERM by childproc-minder',
  },
  {
    name: '$childproc_idle_ttl',
    kind: 'sec',
    bank: 'no',
    default: '3600',
    doc: 'a child that is idle for longer than this is sent TERM by childproc-minder, and the master makes another',
  },
  {
    name: '$childproc_kill_after',
    kind: 'sec',
    bank: 'no',
    default: '30',
    doc: 'a child still there this long after TERM is sent KILL by childproc-minder',
  },
]
