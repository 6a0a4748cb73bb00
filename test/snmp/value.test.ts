import assert from 'node:assert/strict'
import {test} from 'node:test'
import {OBJECTS} from '../../src/snmp/objects.ts'
import {snmpValue} from '../../src/snmp/value.ts'

const NOW_MS = 1_795_361_890_500

const of = (variable: string, text: string | undefined) => {
  const object = OBJECTS.find(candidate => candidate.variable === variable)
  assert.ok(object, variable)
  return snmpValue(object, text, NOW_MS).value
}

test('a counter begins anew when it is full, a gauge stops, and nonsense is 0', () => {
  const table: readonly (readonly [string, string | undefined, number | bigint | string])[] = [
    ['InMsgs', '7', 7],
    ['InMsgs', '4294967295', 4_294_967_295],
    ['InMsgs', '4294967300', 4],
    ['InMsgs', '-7', 0],
    ['InMsgs', undefined, 0],
    ['InMsgs', '?', 0],
    ['InMsgs', '1e400', 0],
    ['InMsgs', '9'.repeat(100_000), 0],
    ['InMsgsSize', '18446744073709551615', 18_446_744_073_709_551_615n],
    ['InMsgsSize', '18446744073709551617', 1n],
    ['InMsgsSize', '1e+21', 10n ** 21n % 2n ** 64n],
    ['InMsgsSize', '1234.9', 1234n],
    ['ProcAll', '99999999999', 4_294_967_295],
    ['ProcAll', '-1', 0],
    ['sysServices', '64', 64],
    ['sysServices', '-99999999999', -2_147_483_648],
  ]
  for (const [variable, text, value] of table) {
    assert.equal(of(variable, text), value, `${variable} ${text?.slice(0, 40)}`)
  }
})

test('elapsed times are hundredths of a second, rounded, and never negative', () => {
  assert.equal(of('TimeElapsedTotal', '12344'), 1234)
  assert.equal(of('TimeElapsedTotal', '12345'), 1235)
  assert.equal(of('TimeElapsedTotal', '21474836475'), 0)
  assert.equal(of('TimeElapsedTotal', '21474836565'), 9)
})

test('sysUpTime counts hundredths of a second since the start', () => {
  assert.equal(of('sysUpTime', '1795361880'), 1050)
  for (const text of [undefined, '0', 'x', '9999999999']) assert.equal(of('sysUpTime', text), 0, text)
})

test('a text is printable ASCII of at most 255 characters', () => {
  assert.equal(of('sysDescr', 'amavis-2.13.0 (20230106)'), 'amavis-2.13.0 (20230106)')
  assert.equal(of('sysContact', '\u001b[2Jé\u0000'), '?[2J??')
  assert.equal(String(of('sysLocation', 'x'.repeat(9999))).length, 255)
  assert.equal(of('sysName', undefined), '')
})

test('an identifier that is none, or that AgentX cannot carry, is ours', () => {
  assert.equal(of('sysObjectID', '1.3.6.1.4.1.8072'), '1.3.6.1.4.1.8072')
  for (const text of [
    undefined,
    '',
    '1',
    '1.3.6.1.999.4',
    '1.3.6.1.0.4',
    '2.5.4',
    '1..3',
    '1.3.6.1.4.5000000000',
  ])
    assert.equal(of('sysObjectID', text), '1.3.6.1.4.1.15312.2', text)
})
