import assert from 'node:assert/strict'
import {test} from 'node:test'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {parseFrame} from '../../src/bus/grammar.ts'
import {metricsText} from '../../src/exporter/metrics.ts'

const text = (...frames: readonly string[]) =>
  metricsText(frames.map(parseFrame), {up: true, reportAgeSec: 1.5})
/** The lines that are no comments, but for those about the exporter. */
const series = (...frames: readonly string[]) =>
  text(...frames)
    .split('\n')
    .filter(line => line !== '' && !/^#|^amavis_(?:up|report_age_seconds) /.test(line))

test('counters, gauges and times have the names, labels and units of Prometheus', () => {
  assert.deepEqual(
    series(
      'am.snmp InMsgs C32 65',
      'am.snmp InMsgsSizeInbound C64 5000000000',
      'am.snmp ContentSpamMsgs C32 7',
      'am.snmp TimeElapsedVirusCheck C32 1234',
      'am.snmp virus.byname.Eicar-Test C32 3',
      'am.snmp OpsDecByZip C32 1',
      'am.snmp OpsDecByZipAttempt C32 2',
      'am.snmp OpsDecType-exe.exe-ms C32 4',
      'am.snmp sysUpTime INT 1700000000',
      'am.nanny ProcBusy1 G32 2',
    ),
    [
      'amavis_content_msgs_total{category="spam"} 7',
      'amavis_in_msgs_size_by_direction_bytes_total{direction="inbound"} 5000000000',
      'amavis_in_msgs_total 65',
      'amavis_ops_dec_attempts_total{decoder="Zip"} 2',
      'amavis_ops_dec_by_total{decoder="Zip"} 1',
      'amavis_ops_dec_type_total{type="exe.exe-ms"} 4',
      'amavis_processes_busy_at_least{seconds="0.1"} 2',
      'amavis_start_time_seconds 1700000000',
      'amavis_time_elapsed_by_section_seconds_total{section="virus_check"} 1.234',
      'amavis_virus_names_total{name="Eicar-Test"} 3',
    ],
  )
})

test('each metric is declared once, before its series, whatever the order of the answer', () => {
  const frames = COUNTERS.filter(({name}) => !name.includes('<')).map(({name, type}) => {
    const channel = name.startsWith('Proc') ? 'nanny' : 'snmp'
    return `am.${channel} ${name} ${type} ${type === 'STR' ? 'text' : 1}`
  })
  const lines = text(...frames.toReversed())
    .trimEnd()
    .split('\n')
  const declared: string[] = []
  for (const line of lines) {
    const type = /^# TYPE (\S+) (?:counter|gauge)$/.exec(line)
    if (type) declared.push(type[1]!)
    else if (!line.startsWith('# HELP ')) {
      assert.match(line, /^[a-z_0-9]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? -?[\d.e+]+$/)
      assert.equal(/^[a-z_0-9]+/.exec(line)?.[0], declared.at(-1))
    }
  }
  assert.equal(new Set(declared).size, declared.length)
  assert.ok(declared.length > 80)
})

test('hostile names become harmless labels, and what is not a number or not known is left out', () => {
  assert.deepEqual(
    series(
      'am.snmp virus.byname.a"b\\c\u001b[2J\nd C32 1',
      'am.snmp InMsgs C32 soon',
      'am.snmp NoSuchCounter C32 1',
      'am.st 7 5 -',
    ),
    ['amavis_virus_names_total{name="a\\"b\\\\c?[2J?d"} 1'],
  )
})

test('of names that mail makes up the most frequent stay, the others are one', () => {
  const frames = Array.from({length: 300}, (_, n) => `am.snmp virus.byname.V${n} C32 ${n + 1}`)
  const lines = series(...frames)
  assert.equal(lines.length, 201)
  assert.ok(lines.includes('amavis_virus_names_total{name="V299"} 300'))
  assert.ok(lines.includes(`amavis_virus_names_total{name="other"} ${(100 * 101) / 2}`))
})

test('names that are the same as printed are one series', () => {
  const long = 'V'.repeat(200)
  assert.deepEqual(
    series(
      `am.snmp virus.byname.${long}a C32 1`,
      `am.snmp virus.byname.${long}b C32 2`,
      'am.snmp virus.byname.x\u0001 C32 3',
      'am.snmp virus.byname.x\u0002 C32 4',
    ),
    [`amavis_virus_names_total{name="${long}"} 3`, 'amavis_virus_names_total{name="x?"} 7'],
  )
  const many = Array.from({length: 300}, (_, n) => `am.snmp virus.byname.V${n} C32 ${n + 1}`)
  const lines = series(...many, 'am.snmp virus.byname.other C32 5000')
  assert.deepEqual(
    lines.filter(line => line.includes('"other"')),
    [`amavis_virus_names_total{name="other"} ${(100 * 101) / 2 + 5000}`],
  )
})

test('without an answer there is a metric that says so', () => {
  const lines = metricsText([], {up: false, reportAgeSec: undefined}).split('\n')
  assert.deepEqual(
    lines.filter(line => !line.startsWith('#')),
    ['amavis_up 0', ''],
  )
})

test('the counting server and the limits for clients have series of their own', () => {
  assert.deepEqual(
    series(
      'am.snmp AnvilRequestsConnections C32 5',
      'am.snmp AnvilRequestsNewTls C32 2',
      'am.snmp AnvilClients G32 3',
      'am.snmp AnvilStreams G32 4',
      'am.snmp ClientLimitConnectionRate C32 6',
      'am.snmp ClientLimitRecipients C32 7',
      'am.snmp ClientLimitNotCounted C32 8',
    ),
    [
      'amavis_anvil_clients 3',
      'amavis_anvil_requests_total{kind="connections"} 5',
      'amavis_anvil_requests_total{kind="new_tls"} 2',
      'amavis_anvil_streams 4',
      'amavis_client_events_not_counted_total 8',
      'amavis_client_limits_total{limit="connection_rate"} 6',
      'amavis_client_limits_total{limit="recipients"} 7',
    ],
  )
})
