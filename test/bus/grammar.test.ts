import assert from 'node:assert/strict'
import {test} from 'node:test'
import {type Frame, formatFrame, parseFrame} from '../../src/bus/grammar.ts'

const abs = {kind: 'abs', ms: 1_700_000_000_042} as const

const canonical: [string, Frame][] = [
  ['am.st 812 1700000000.042 -', {kind: 'state', pid: 812, time: abs, state: '-', taskId: undefined}],
  [
    'am.st 812 1700000000.042 m 00812-03-2',
    {kind: 'state', pid: 812, time: abs, state: 'm', taskId: '00812-03-2'},
  ],
  [
    'am.st 812 0 d 00812-03',
    {kind: 'state', pid: 812, time: {kind: 'delta', ms: 0}, state: 'd', taskId: '00812-03'},
  ],
  [
    'am.st 812 1000000000 exiting',
    {kind: 'state', pid: 812, time: {kind: 'delta', ms: 1e9}, state: 'exiting', taskId: undefined},
  ],
  [
    'am.st 4000001 1700000000.042 FLUSH',
    {kind: 'state', pid: 4_000_001, time: abs, state: 'FLUSH', taskId: undefined},
  ],
  ['am.proc.busy 7 12 105', {kind: 'proc', list: 'busy', pids: [7, 12, 105]}],
  ['am.proc.idle ', {kind: 'proc', list: 'idle', pids: []}],
  ['am.snmp InMsgs C32 1', {kind: 'snmp', name: 'InMsgs', type: 'C32', value: '1'}],
  [
    'am.snmp sysContact STR Post Master <pm@example.org>',
    {kind: 'snmp', name: 'sysContact', type: 'STR', value: 'Post Master <pm@example.org>'},
  ],
  ['am.snmp sysLocation STR ', {kind: 'snmp', name: 'sysLocation', type: 'STR', value: ''}],
  ['am.snmp sysName ? ?', {kind: 'snmp', name: 'sysName', type: '?', value: '?'}],
  ['am.nanny ProcBusy0 G32 3', {kind: 'nanny', name: 'ProcBusy0', type: 'G32', value: '3'}],
  ['am.snmp Odd NEW 3', {kind: 'snmp', name: 'Odd', type: 'NEW', value: '3'}],
  ['am.snmp FLUSH', {kind: 'snmp-flush'}],
  [
    'am.log.**** 812 1700000000.042 (00812-03) TIMING [total 5 ms]',
    {kind: 'log', level: 2, pid: 812, timeMs: 1_700_000_000_042, text: '(00812-03) TIMING [total 5 ms]'},
  ],
  ['', {kind: 'unknown', text: ''}],
  ['am.st', {kind: 'unknown', text: 'am.st'}],
  ['am.st 812 1700000000.042', {kind: 'unknown', text: 'am.st 812 1700000000.042'}],
  ['am.st x 1 A', {kind: 'unknown', text: 'am.st x 1 A'}],
  ['am.st 812 -5 A', {kind: 'unknown', text: 'am.st 812 -5 A'}],
  ['am.proc.busy 1 x', {kind: 'unknown', text: 'am.proc.busy 1 x'}],
  ['am.snmp Lonely', {kind: 'unknown', text: 'am.snmp Lonely'}],
  ['am.log. 1 1700000000.042 x', {kind: 'unknown', text: 'am.log. 1 1700000000.042 x'}],
  ['nagios check', {kind: 'unknown', text: 'nagios check'}],
]

for (const [text, frame] of canonical) {
  test(`"${text}" is read as ${frame.kind} and printed back the same`, () => {
    assert.deepEqual(parseFrame(text), frame)
    assert.equal(formatFrame(frame), text)
  })
}

test('a time above 1e9 is a Unix time, one of 1e9 or less a distance', () => {
  const time = (text: string) => {
    const frame = parseFrame(`am.st 1 ${text} A`)
    return frame.kind === 'state' ? frame.time : undefined
  }
  assert.deepEqual(time('1000000000'), {kind: 'delta', ms: 1e9})
  assert.deepEqual(time('1000000000.5'), {kind: 'abs', ms: 1_000_000_000_500})
})

test('a distance is printed rounded, never negative and never as large as a Unix time', () => {
  const print = (ms: number) =>
    formatFrame({kind: 'state', pid: 1, time: {kind: 'delta', ms}, state: '.', taskId: undefined})
  assert.equal(print(12.5), 'am.st 1 13 .')
  assert.equal(print(-3), 'am.st 1 0 .')
  assert.equal(print(20 * 86_400_000), 'am.st 1 1000000000 .')
})

test('a name with white space is printed as one token', () => {
  assert.equal(
    formatFrame({kind: 'snmp', name: 'virus.byname.A\tvirus B\n', type: 'C32', value: '1'}),
    'am.snmp virus.byname.A_virus_B_ C32 1',
  )
})

test('a name with a space from another sender is understood up to the type word', () => {
  assert.deepEqual(parseFrame('am.snmp virus.byname.Some Virus C32 4'), {
    kind: 'snmp',
    name: 'virus.byname.Some Virus',
    type: 'C32',
    value: '4',
  })
})

test('line ends inside a value or a text become spaces', () => {
  assert.equal(
    formatFrame({kind: 'snmp', name: 'sysName', type: 'STR', value: 'a\r\nb'}),
    'am.snmp sysName STR a  b',
  )
  assert.equal(
    formatFrame({kind: 'log', level: 0, pid: 1, timeMs: abs.ms, text: 'a\nb'}),
    'am.log.****** 1 1700000000.042 a b',
  )
})

test('severe log levels have seven stars, chatty ones a single star', () => {
  const stars = (level: number) =>
    formatFrame({kind: 'log', level, pid: 1, timeMs: abs.ms, text: 'x'}).split(' ')[0]
  assert.equal(stars(-3), 'am.log.*******')
  assert.equal(stars(-1), 'am.log.*******')
  assert.equal(stars(5), 'am.log.*')
  assert.equal(stars(9), 'am.log.*')
})

test('a FLUSH on either variable channel forgets everything', () => {
  assert.deepEqual(parseFrame('am.nanny FLUSH'), {kind: 'snmp-flush'})
})
