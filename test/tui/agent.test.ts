import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {baseOf} from '../../src/tui/agent/bases.ts'
import {fixed} from '../../src/tui/agent/format.ts'
import {AgentJson} from '../../src/tui/agent/json.ts'
import {RateHistory} from '../../src/tui/agent/rates.ts'
import {agentText, variablesOf} from '../../src/tui/agent/text.ts'

const NOW = 1_700_003_600_000
const ANSWER = [
  'am.snmp sysUpTime INT 1700000000',
  'am.snmp sysName STR mx.example.test',
  'am.snmp InMsgs C32 120',
  'am.snmp InMsgsInbound C32 100',
  'am.snmp TimeElapsedTotal C32 61234',
  'am.snmp ContentVirusMsgs C32 16',
  'am.snmp virus.byname.Eicar C32 9',
].map(parseFrame)

test('numbers are rounded as printf rounds them: an exact half goes to the even digit', () => {
  const table: [number, number, string][] = [
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [56.25, 1, '56.2'],
    [56.35, 1, '56.4'],
    [18.75, 1, '18.8'],
    [-2.5, 0, '-2'],
    [0.0625, 3, '0.062'],
    [0.0626, 3, '0.063'],
    [1e15, 0, '1000000000000000'],
  ]
  for (const [value, digits, text] of table) assert.equal(fixed(value, digits), text)
})

test('a counter is a share of the first base that its name matches', () => {
  const table: [string, string, string][] = [
    ['CacheHitsSpamMsgs', 'ContentSpamMsgs', 'count'],
    ['ContentBadHdrMsgsInbound', 'InMsgsInbound', 'count'],
    ['InMsgsRecipsOutbound', 'InMsgsOutbound', 'count'],
    ['InMsgsSizeInbound', 'InMsgsSize', 'size'],
    ['OutMsgsSize', 'InMsgsSize', 'size'],
    ['QuarMsgsSizeSpam', 'QuarMsgsSize', 'size'],
    ['TimeElapsedDecoding', 'InMsgs', 'time'],
    ['sysServices', '', 'count'],
  ]
  for (const [name, base, kind] of table) assert.deepEqual(baseOf(name), {base, kind}, name)
})

test('a rate is since the start until 150 s were watched, then over the last five minutes', () => {
  const history = new RateHistory()
  const at = (seconds: number, value: number) =>
    history.add('InMsgs', {nowMs: NOW + seconds * 1000, value, inMsgs: value}, 1_000_000 + seconds * 1000)
  assert.equal(at(0, 1000).perHour, 3600)
  assert.equal(Math.round(at(149, 1100).perHour), 3446)
  assert.equal(at(150, 1100).perHour, 2400)
  assert.equal(at(449, 1200).perHour, (100 * 3600) / 300)
})

test("an answer is a display in the original's format", () => {
  assert.equal(
    agentText(ANSWER, NOW),
    [
      'sysName         STR mx.example.test',
      'sysUpTime       TimeTicks 360000 (0 days, 1:00:00.00)',
      'ContentVirusMsgs                        16     16/h    13.3 % (InMsgs)',
      'InMsgs                                 120    120/h   100.0 % (InMsgs)',
      'InMsgsInbound                          100    100/h    83.3 % (InMsgs)',
      'TimeElapsedTotal                        61 s      0.510 s/msg (InMsgs)',
      '',
      'virus.byname.Eicar                       9      9/h   56.2 % (ContentVirusMsgs)',
    ].join('\n'),
  )
})

test('the JSON has the same numbers by name', () => {
  const text = new AgentJson().display(NOW, variablesOf(ANSWER), 'tcp://127.0.0.1:23233')
  assert.deepEqual(JSON.parse(text), {
    time: '2023-11-14T23:13:20.000Z',
    responder: 'tcp://127.0.0.1:23233',
    uptime_s: 3600,
    variables: {
      ContentVirusMsgs: {type: 'C32', value: 16, per_hour: 16, base: 'InMsgs', percent: 13.333},
      InMsgs: {type: 'C32', value: 120, per_hour: 120, base: 'InMsgs', percent: 100},
      InMsgsInbound: {type: 'C32', value: 100, per_hour: 100, base: 'InMsgs', percent: 83.333},
      TimeElapsedTotal: {type: 'C32', value: 61_234, ms_per_message: 510.283},
      sysName: {type: 'STR', value: 'mx.example.test'},
      sysUpTime: {type: 'INT', value: 1_700_000_000},
      'virus.byname.Eicar': {type: 'C32', value: 9, per_hour: 9, base: null, percent: null},
    },
  })
})
