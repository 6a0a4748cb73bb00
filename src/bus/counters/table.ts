/**
 * table — every counter: its name, type, meaning and what makes it move.
 *
 * The 350 variables of the original (spec/monitoring §5), then our own. The manual page, the names of the
 * exporter and the tests of what is counted are made from it. No child of the daemon loads it.
 */
import {BUSY_AGES_SEC} from './busy-ages.ts'
import {type CounterDefinition, define, labelOf, type Row, withDirections} from './definition.ts'
import {QUEUE_AGES_MIN, QUEUES} from './queues.ts'

const row = (
  name: string,
  type: Row['type'],
  unit: string,
  event: Row['event'],
  doc: string,
  more: Partial<Row> = {},
): Row => ({name, ...(type && {type}), unit, event, doc, ...more})

const SYSTEM: readonly Row[] = [
  row('sysDescr', 'STR', 'text', 'start', 'product, version and date'),
  row('sysObjectID', 'OID', 'OID', 'start', 'always 1.3.6.1.4.1.15312.2'),
  row('sysUpTime', 'INT', 'Unix seconds', 'start', 'when the daemon was started cold', {
    metric: 'start_time_seconds',
  }),
  row('sysContact', 'STR', 'text', 'start', '$snmp_contact'),
  row('sysName', 'STR', 'text', 'start', '$myhostname'),
  row('sysLocation', 'STR', 'text', 'start', '$snmp_location'),
  row('sysServices', 'INT', 'number', 'start', 'always 64', {metric: 'sys_services'}),
]

const ARRIVED: readonly Row[] = [
  ...withDirections(
    row('InMsgs', 'C32', 'messages', 'mail', 'message that reached checking'),
    'in_msgs_by_direction_total',
  ),
  ...withDirections(
    row('InMsgsSize', 'C64', 'octets', 'mail', 'size of messages that reached checking'),
    'in_msgs_size_by_direction_bytes_total',
  ),
  ...withDirections(
    row('InMsgsRecips', 'C32', 'recipients', 'mail', 'recipients of messages that reached checking'),
    'in_msgs_recips_by_direction_total',
  ),
  row('InMsgsRecipsLocal', 'C32', 'recipients', 'mail', 'local ones of them'),
  row('InMsgsBounce', 'C32', 'messages', 'bounce killer', 'a bounce, or an automatic message like one'),
  row('InMsgsBounceNullRPath', 'C32', 'messages', 'mail', 'null sender in the envelope'),
  row('InMsgsBounceKilled', 'C32', 'messages', 'bounce killer', 'bounce that got $bounce_killer_score'),
  row('InMsgsBounceUnverifiable', 'C32', 'messages', 'bounce killer', 'no original header in it to judge by'),
  row(
    'InMsgsBounceRescuedByDomain',
    'C32',
    'messages',
    'bounce killer',
    'the original Message-ID is of a local domain',
  ),
  row(
    'InMsgsBounceRescuedByOriginating',
    'C32',
    'messages',
    'bounce killer',
    'bounce in a message that is originating',
  ),
  row(
    'InMsgsBounceRescuedByPenPals',
    'C32',
    'messages',
    'bounce killer',
    'pen pals knows the original message',
  ),
]

/** Ends of a recipient; a message counts once in each that any of its recipients has. */
const STATUSES: readonly (readonly [name: string, doc: string, event?: Row['event']])[] = [
  ['Accepted', 'delivery left to the client', 'delegated delivery'],
  ['RelayedUntagged', 'forwarded, not tagged as spam'],
  ['RelayedTagged', 'forwarded, tagged as spam'],
  ['Discarded', 'answered 2xx, not forwarded, nobody told'],
  ['NoBounce', 'answered 2xx, not forwarded, a DSN suppressed'],
  ['Bounced', 'answered 2xx, not forwarded, a DSN sent'],
  ['Rejected', 'answered 5xx'],
  ['TempFailed', 'answered 4xx'],
  ['Unknown', 'none of these; should not happen', 'never'],
]

const ENDED: readonly Row[] = [
  row('InMsgsStatusRelayed', 'C32', 'messages', 'status', 'forwarded to a recipient, tagged or not'),
  ...STATUSES.flatMap(([status, doc, event = 'status']) => {
    const labels = {status: labelOf(status)}
    const metric = 'in_msgs_status_total'
    const base = row(`InMsgsStatus${status}`, 'C32', 'messages', event, doc, {metric, labels})
    return status === 'Unknown' ? [base] : withDirections(base, 'in_msgs_status_by_direction_total')
  }),
]

const CATEGORIES: readonly (readonly [name: string, doc: string])[] = [
  ['Clean', 'nothing found'],
  ['MtaFailed', 'the next hop refused it'],
  ['Oversized', 'larger than a recipient takes'],
  ['BadHdr', 'bad header section'],
  ['Spammy', 'at or above tag2 level, below kill level'],
  ['Spam', 'at or above kill level'],
  ['Unchecked', 'a part could not be looked into'],
  ['Banned', 'banned name or type'],
  ['Virus', 'infected'],
]

const CONTENTS: readonly Row[] = [
  ...CATEGORIES.flatMap(([category, doc]) =>
    withDirections(
      row(`Content${category}Msgs`, 'C32', 'messages', 'content', `main category: ${doc}`, {
        metric: 'content_msgs_total',
        labels: {category: labelOf(category)},
      }),
      'content_msgs_by_direction_total',
    ),
  ),
  row('ContentCatchAllMsgs', 'C32', 'messages', 'never', 'main category: none; should not happen'),
]

/** What goes out, by whose it is: `Relay` and `Submit` have the variants of protocols too. */
const SUBMITTED: readonly (readonly [name: string, doc: string, event?: Row['event']])[] = [
  ['Quar', 'copy for a quarantine'],
  ['Dsn', 'delivery status notification'],
  ['Notif', 'notification of an administrator or recipient', 'notifications'],
  ['AV', 'probe for a virus scanner that speaks SMTP', 'virus probe'],
  ['Arf', 'abuse report', 'never'],
]
const PROTOCOLS: readonly (readonly [name: string, doc: string, event?: Row['event']])[] = [
  ['Local', 'into a file or mailbox'],
  ['SMTP', 'by SMTP'],
  ['LMTP', 'by LMTP'],
  ['BSMTP', 'as BSMTP'],
  ['Pipe', 'to a program'],
  ['SQL', 'into SQL', 'sql'],
]

function sent(stem: string, metric: string, ending: string, of: string, base: Partial<Row>): readonly Row[] {
  const one = (suffix: string, doc: string, event: Row['event'], by: string, labels: Row['labels']): Row => ({
    name: stem + suffix,
    unit: 'messages',
    doc: `${of}: ${doc}`,
    event,
    metric: `${metric}${by}${ending}`,
    ...(labels && {labels}),
    ...base,
  })
  const kinds = [
    ['Relay', 'message passed on'],
    ['Submit', 'message of our own'],
  ] as const
  return [
    one('', 'any', 'delivery', '', undefined),
    ...kinds.map(([kind, doc]) => one(kind, doc, 'delivery', '_by_kind', {kind: labelOf(kind)})),
    ...SUBMITTED.map(([purpose, doc, event = 'delivery']) =>
      one(`Submit${purpose}`, doc, event, '_submitted', {purpose: labelOf(purpose)}),
    ),
    ...PROTOCOLS.flatMap(([protocol, how, event = 'delivery']) => [
      one(`Proto${protocol}`, how, event, '_by_protocol', {protocol: labelOf(protocol)}),
      ...kinds.map(([kind, doc]) => {
        const labels = {protocol: labelOf(protocol), kind: labelOf(kind)}
        return one(`Proto${protocol}${kind}`, `${doc} ${how}`, event, '_by_protocol_and_kind', labels)
      }),
    ]),
  ]
}

const SENT: readonly Row[] = [
  ...sent('OutMsgs', 'out_msgs', '_total', 'delivery begun', {}),
  row('OutMsgsDelivers', 'C32', 'transactions', 'delivery', 'delivery answered 2xx'),
  row('OutMsgsAttemptFails', 'C32', 'transactions', 'delivery', 'delivery answered 4xx, or no connection'),
  row('OutMsgsRejects', 'C32', 'transactions', 'delivery', 'delivery answered 5xx'),
  ...sent('OutMsgsSize', 'out_msgs_size', '_bytes_total', 'octets of deliveries answered 2xx', {
    type: 'C64',
    unit: 'octets',
  }),
  row('OutConnNew', 'C32', 'sessions', 'connection', 'new connection to a next hop'),
  row('OutConnQuit', 'C32', 'sessions', 'connection', 'session ended by QUIT'),
  row('OutConnTransact', 'C32', 'transactions', 'connection', 'MAIL FROM sent'),
  row('OutConnReuseFail', 'C32', 'sessions', 'connection', 'kept session was dead when it was wanted'),
  row('OutConnReuseRecent', 'C32', 'sessions', 'connection', 'kept session used again without a question'),
  row('OutConnReuseRefreshed', 'C32', 'sessions', 'connection', 'kept session answered a NOOP, used again'),
]

const QUARANTINED: readonly Row[] = [
  ...(
    [
      ['QuarMsgs', 'C32', 'messages', 'quar_msgs_by_category_total'],
      ['QuarMsgsSize', 'C64', 'octets', 'quar_msgs_size_by_category_bytes_total'],
    ] as const
  ).flatMap(([stem, type, unit, metric]) => [
    row(stem, type, unit, 'quarantine', 'quarantining begun'),
    row(`${stem}Arch`, type, unit, 'quarantine', 'copy stored in an archive', {
      metric,
      labels: {category: 'arch'},
    }),
    ...CATEGORIES.map(([category, doc]) =>
      row(`${stem}${category}`, type, unit, 'quarantine', `stored: ${doc}`, {
        metric,
        labels: {category: labelOf(category)},
      }),
    ),
  ]),
  row('QuarMsgsOther', 'C32', 'messages', 'never', 'stored without a category'),
  row('QuarMsgsCatchAll', 'C32', 'messages', 'never', 'stored, category not determined'),
  row('QuarAttemptTempFails', 'C32', 'attempts', 'quarantine', 'storing failed for now; so does the message'),
  row('QuarAttemptFails', 'C32', 'attempts', 'quarantine', 'storing was refused for good'),
]

const CACHE: readonly Row[] = [
  'CacheAttempts',
  'CacheMisses',
  'CacheHits',
  'CacheHitsVirusCheck',
  'CacheHitsVirusMsgs',
].map(name => row(name, 'C32', 'operations', 'never', 'the result cache of versions before 2.7.0'))

const OPERATIONS: readonly Row[] = [
  row('OpsDec', 'C32', 'operations', 'decoding', 'parts of a message decoded'),
  row('OpsSpamCheck', 'C32', 'operations', 'check', 'message scanned for spam'),
  row('OpsVirusCheck', 'C32', 'operations', 'check', 'message scanned for viruses'),
  row('OpsDecType-<t1>[.<t2>...]', 'C32', 'parts', 'decoding', 'part with these short types', {
    metric: 'ops_dec_type_total',
  }),
  row('OpsDecByMimeParser', 'C32', 'messages', 'decoding', 'MIME structure of a message read', {
    metric: 'ops_dec_by_total',
    labels: {decoder: 'MimeParser'},
  }),
  ...(
    [
      ['OpsDecByUUlibAttempt', 'uuencoded or the like, tried', 'never'],
      ['OpsDecByUUlib', 'uuencoded or the like, decoded', 'never'],
      ['OpsDecByArZipAttempt', 'ZIP archive, tried'],
      ['OpsDecByArZip', 'ZIP archive, opened'],
      ['OpsDecByZlib', 'gzip or zstd, decoded'],
      ['OpsDecByTnef', 'TNEF, decoded'],
      ['OpsDecBy<Program>', 'format or program of this name, decoded'],
      ['OpsDecBy<Program>Attempt', 'format or program of this name, tried'],
    ] as const
  ).map(([name, doc, event = 'decoding' as const]) => {
    const decoder = name.slice('OpsDecBy'.length).replace(/Attempt$/, '')
    const metric = name.endsWith('Attempt') ? 'ops_dec_attempts_total' : 'ops_dec_by_total'
    return row(name, 'C32', 'parts', event, doc, {metric, labels: {decoder}})
  }),
  row('OpsSqlSelect', 'C32', 'queries', 'sql', 'SQL look-up'),
  row('OpsLDAPSearch', 'C32', 'queries', 'ldap', 'LDAP look-up'),
  row('GenMailIdRetries', 'C32', 'retries', 'sql', 'mail_id was taken, another one tried'),
]

const PEN_PALS: readonly Row[] = (
  [
    ['PenPalsAttempts', 'queries', 'asked'],
    ['PenPalsAttemptsRid', 'queries', 'asked in SQL by sender and recipient'],
    ['PenPalsAttemptsMid', 'queries', 'asked in SQL by Message-ID'],
    ['PenPalsMisses', 'queries', 'nothing found'],
    ['PenPalsHits', 'queries', 'found'],
    ['PenPalsHitsRid', 'queries', 'found by sender and recipient'],
    ['PenPalsHitsMid', 'queries', 'found by Message-ID'],
    ['PenPalsHitsMidRid', 'queries', 'found by both'],
    ['PenPalsHitsnone', 'queries', 'found by Message-ID, yet neither key is the same'],
    ['PenPalsSavedFromTag2', 'recipients', 'kept below tag2 level'],
    ['PenPalsSavedFromTag3', 'recipients', 'kept below tag3 level'],
    ['PenPalsSavedFromKill', 'recipients', 'kept below kill level'],
  ] as const
).map(([name, unit, doc]) => row(name, 'C32', unit, 'pen pals', `pen pals: ${doc}`))

const SQL_ADDRESSES: readonly Row[] = ['Sender', 'Recip'].flatMap(whose =>
  (
    [
      ['Attempts', 'looked for in the SQL log'],
      ['Misses', 'was new to the SQL log'],
      ['Hits', 'was in the SQL log already'],
    ] as const
  ).map(([what, doc]) =>
    row(`SqlAddr${whose}${what}`, 'C32', 'operations', 'sql', `${whose.toLowerCase()} address ${doc}`),
  ),
)

const PRIORITIES = ['Emerg', 'Alert', 'Crit', 'Err', 'Warning', 'Notice', 'Info', 'Debug']

const LOGGED: readonly Row[] = [
  row('LogEntries', 'C64', 'log entries', 'log', 'entries written'),
  ...PRIORITIES.map((name, severity) =>
    row(
      `LogEntries${name}`,
      'C64',
      'log entries',
      severity < 2 ? 'never' : 'log',
      `entries of syslog priority ${name.toLowerCase()} or worse`,
      {metric: 'log_entries_by_priority_total', labels: {priority: name.toLowerCase()}},
    ),
  ),
  ...[0, 1, 2, 3, 4, 5].map(level => {
    const which = level === 0 ? '0 or below' : level === 5 ? '5 or above' : String(level)
    return row(`LogEntriesLevel${level}`, 'C64', 'log entries', 'log', `entries of log level ${which}`, {
      metric: 'log_entries_by_level_total',
      labels: {level: String(level)},
    })
  }),
  row('LogLines', 'C64', 'lines', 'log', 'lines written'),
  row('LogRetries', 'C64', 'retries', 'never', 'writes to syslog that were tried again'),
]

const ELAPSED: readonly Row[] = [
  row('TimeElapsedTotal', 'C32', 'ms', 'time', 'from the begin of reception to this report', {
    metric: 'time_elapsed_seconds_total',
  }),
  ...(
    [
      ['Receiving', 'from MAIL FROM to the begin of checking'],
      ['Sending', 'quarantine, notifications and forwarding'],
      ['Decoding', 'MIME parts and archives'],
      ['PenPals', 'pen pals look-ups', 'pen pals'],
      ['VirusCheck', 'virus scanners'],
      ['SpamCheck', 'spam scanners'],
    ] as const
  ).map(([section, doc, event = 'time' as const]) =>
    row(`TimeElapsed${section}`, 'C32', 'ms', event, doc, {
      metric: 'time_elapsed_by_section_seconds_total',
      labels: {section: labelOf(section)},
    }),
  ),
]

const USERS: readonly Row[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap(n => [
  row(`UserCounter${n}`, 'C64', 'free', 'never', 'free for custom code'),
  row(`UserGauge${n}`, 'G32', 'free', 'never', 'free for custom code'),
])

const PROCESSES: readonly Row[] = [
  row('ProcGone', 'C32', 'processes', 'processes', 'child that vanished without having been signalled'),
  row('ProcAll', 'G32', 'processes', 'processes', 'children known', {metric: 'processes'}),
  row('ProcIdle', 'G32', 'processes', 'processes', 'children without a task', {metric: 'processes_idle'}),
  row('ProcBusy', 'G32', 'processes', 'processes', 'children with a task', {metric: 'processes_busy'}),
  ...['Transfer', 'Decode', 'Virus', 'Spam', 'Other'].map(activity =>
    row(`ProcBusy${activity}`, 'G32', 'processes', 'processes', `busy with: ${activity.toLowerCase()}`, {
      metric: 'processes_busy_by_activity',
      labels: {activity: labelOf(activity)},
    }),
  ),
  ...[0, ...BUSY_AGES_SEC].map((seconds, n) =>
    row(`ProcBusy${n}`, 'G32', 'processes', 'processes', `busy for at least ${seconds} s`, {
      metric: 'processes_busy_at_least',
      labels: {seconds: String(seconds)},
    }),
  ),
]

const MTA_QUEUES: readonly Row[] = QUEUES.map(queue =>
  row(`MtaQueueEntries${capital(queue)}`, 'G32', 'files', 'mta queues', `files in Postfix's queue ${queue}`, {
    metric: 'mta_queue_entries',
    labels: {queue},
  }),
)

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1)
}

const NAMED: readonly Row[] = [
  row('virus.byname.<name>', 'C32', 'messages', 'check', 'this virus found', {metric: 'virus_names_total'}),
  ...(['virus', 'banned', 'spam', 'spammy', 'ham'] as const).map(kind =>
    row(`${kind}.byOS.<os>`, 'C32', 'messages', 'fingerprint', `${kind} from clients with this system`, {
      metric: 'client_os_total',
      labels: {content: kind},
    }),
  ),
  row('entropy', 'STR', 'text', 'never', 'seed carried between processes of the original; not on the bus'),
]

/** Ours: what the original's counters do not tell. */
const OWN: readonly Row[] = [
  ...CATEGORIES.flatMap(([category]) =>
    (
      [
        ['Sent', 'DSN sent to the sender'],
        ['Suppressed', 'DSN suppressed by policy'],
        ['Failed', 'DSN could not be sent'],
      ] as const
    ).map(([result, doc]) =>
      row(
        `Dsn${result}${category}`,
        'C32',
        'recipients',
        'dsn',
        `${doc}; the mail was ${labelOf(category)}`,
        {
          metric: 'dsn_total',
          labels: {result: labelOf(result), category: labelOf(category)},
          own: true,
        },
      ),
    ),
  ),
  ...(
    [
      ['Timeout', 'the time for a message was over'],
      ['Protocol', 'a peer went away or broke its protocol'],
      ['Storage', 'a file, folder or quarantine could not be used'],
      ['Internal', 'a mistake in this program'],
    ] as const
  ).map(([kind, doc]) =>
    row(`Failure${kind}`, 'C32', 'messages', 'failure', `answered 451: ${doc}`, {
      metric: 'failures_total',
      labels: {kind: labelOf(kind)},
      own: true,
    }),
  ),
]

/** For views of another machine, which cannot ask the master. */
const OWN_DAEMON: readonly Row[] = [
  row(
    'DaemonVersion',
    'STR',
    'text',
    'generation',
    'product, version and date of the generation that serves',
    {
      own: true,
    },
  ),
  row('DaemonGeneration', 'INT', 'number', 'generation', 'how many configurations were loaded so far', {
    metric: 'generation',
    own: true,
  }),
  row('DaemonChildren', 'INT', 'processes', 'generation', '$max_servers', {metric: 'max_servers', own: true}),
  row(
    'Scanner.<name>',
    'STR',
    'text',
    'check',
    'ok, failing or open; since when (Unix ms); and why, as the child says that found it so',
    {own: true},
  ),
]

/** Of what the MTA has: for how long. */
const OWN_QUEUES: readonly Row[] = [
  ...QUEUES.map(queue =>
    row(
      `MtaQueueOldest${capital(queue)}`,
      'G32',
      's',
      'mta queues',
      `age of the oldest in the queue ${queue}`,
      {
        metric: 'mta_queue_oldest_seconds',
        labels: {queue},
        own: true,
      },
    ),
  ),
  ...[...QUEUE_AGES_MIN, undefined].map((minutes, n) => {
    const before = n === 0 ? 0 : QUEUE_AGES_MIN[n - 1]!
    const name = minutes === undefined ? `Over${before}` : `UpTo${minutes}`
    const doc =
      minutes === undefined ? `over ${before} min old` : `over ${before} and up to ${minutes} min old`
    return row(`MtaQueueDeferred${name}`, 'G32', 'files', 'mta queues', `deferred: ${doc}`, {
      metric: 'mta_queue_deferred',
      labels: {age_over_minutes: String(before)},
      own: true,
    })
  }),
]

/** What amavis anvil says every few seconds. */
const OWN_ANVIL: readonly Row[] = [
  ...(
    [
      ['Connections', 'a client has connected'],
      ['Disconnections', 'a client has gone'],
      ['Messages', 'a MAIL command'],
      ['Recipients', 'a RCPT command'],
      ['NewTls', 'a new TLS session, or an entry of its trace'],
      ['Auths', 'an AUTH command'],
      ['Lookups', 'a question that counts nothing'],
      ['Refused', 'a request that it does not know'],
    ] as const
  ).map(([kind, doc]) =>
    row(`AnvilRequests${kind}`, 'C32', 'requests', 'anvil', `amavis anvil was told: ${doc}`, {
      metric: 'anvil_requests_total',
      labels: {kind: labelOf(kind)},
      own: true,
    }),
  ),
  row('AnvilClients', 'G32', 'clients', 'anvil', 'clients that amavis anvil remembers', {own: true}),
  row('AnvilStreams', 'G32', 'connections', 'anvil', 'processes that are connected to amavis anvil', {
    own: true,
  }),
]

/** What the limits of our own SMTP sessions did. */
const OWN_LIMITS: readonly Row[] = [
  ...(
    [
      ['Connections', 'connections', 'answered 421: $smtpd_client_connection_count_limit'],
      ['ConnectionRate', 'connections', 'answered 421: $smtpd_client_connection_rate_limit'],
      ['Messages', 'commands', 'MAIL answered 450: $smtpd_client_message_rate_limit'],
      ['Recipients', 'commands', 'RCPT answered 450: $smtpd_client_recipient_rate_limit'],
    ] as const
  ).map(([limit, unit, doc]) =>
    row(`ClientLimit${limit}`, 'C32', unit, 'client limits', doc, {
      metric: 'client_limits_total',
      labels: {limit: labelOf(limit)},
      own: true,
    }),
  ),
  row(
    'ClientLimitNotCounted',
    'C32',
    'events',
    'client limits',
    'let through uncounted, as the counting server did not answer',
    {metric: 'client_events_not_counted_total', own: true},
  ),
]

/** The variables of the original, and ours after them. */
export const COUNTERS: readonly CounterDefinition[] = [
  SYSTEM,
  ARRIVED,
  ENDED,
  CONTENTS,
  SENT,
  QUARANTINED,
  CACHE,
  OPERATIONS,
  PEN_PALS,
  SQL_ADDRESSES,
  LOGGED,
  ELAPSED,
  USERS,
  PROCESSES,
  MTA_QUEUES,
  NAMED,
  OWN,
  OWN_DAEMON,
  OWN_QUEUES,
  OWN_ANVIL,
  OWN_LIMITS,
].flatMap(rows => rows.map(define))
