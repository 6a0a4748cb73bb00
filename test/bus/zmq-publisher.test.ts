import assert from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'
import {sendOnce, startFrames} from '../../src/bus/start-frames.ts'
import {createPublisher} from '../../src/bus/zmq-publisher.ts'
import type {Log} from '../../src/log/log.ts'
import {temporaryFolder, until} from '../support/wait.ts'
import {bindEar} from './bus-helpers.ts'

function warnings(): {log: Log; texts: string[]} {
  const texts: string[] = []
  const log: Log = {enabled: () => true, write: (_level, text) => void texts.push(text), forTask: () => log}
  return {log, texts}
}

test('birth, accept and MAIL FROM carry the time, all other states the distance to the last of them', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const ear = await bindEar(t, endpoint)
  let clock = 1_700_000_000_000
  const publisher = createPublisher({endpoints: [endpoint], pid: 812, now: () => clock, repeatMs: 60_000})
  const steps = [
    ['-', undefined],
    ['A', undefined],
    ['b', undefined],
    ['m', '00812-01'],
    ['d', '00812-01'],
    ['F', '00812-01'],
    ['.', '00812-01'],
    ['m', '00812-01-2'],
    ['=', '00812-01-2'],
    ['-', undefined],
  ] as const
  for (const [state, taskId] of steps) {
    publisher.state(state, taskId)
    clock += 1500
  }
  await publisher.close()
  await until('exiting', () => ear.frames().some(frame => frame.endsWith(' exiting')))
  assert.deepEqual(ear.frames(), [
    'am.st 812 1700000000.000 -',
    'am.st 812 1700000001.500 A',
    'am.st 812 1500 b',
    'am.st 812 1700000004.500 m 00812-01',
    'am.st 812 1500 d 00812-01',
    'am.st 812 3000 F 00812-01',
    'am.st 812 4500 .',
    'am.st 812 1700000010.500 m 00812-01-2',
    'am.st 812 1500 = 00812-01-2',
    'am.st 812 3000 -',
    'am.st 812 4500 exiting',
  ])
})

test('what is said before a forwarder is there reaches it when it comes within the holding time', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const publisher = createPublisher({endpoints: [endpoint], pid: 5, holdMs: 20_000})
  t.after(() => publisher.close())
  publisher.state('-')
  publisher.counters([{name: 'InMsgs', type: 'C32', value: 1}])
  const ear = await bindEar(t, endpoint)
  await until('both frames', () => ear.frames().length >= 2)
  assert.match(ear.frames().join('\n'), /^am\.st 5 \d{10}\.\d{3} -\nam\.snmp InMsgs C32 1/)
})

test('a late subscriber learns the state by its repetition, as a distance', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  let clock = 1_700_000_000_000
  const publisher = createPublisher({
    endpoints: [endpoint],
    pid: 5,
    now: () => clock,
    holdMs: 1,
    repeatMs: 20,
  })
  t.after(() => publisher.close())
  publisher.state('m', '00005-01')
  publisher.state('S', '00005-01')
  clock += 700
  const ear = await bindEar(t, endpoint)
  await until('a repetition', () => ear.frames().includes('am.st 5 700 S 00005-01'))
})

test('frames of one turn travel together, each prefix in a message of its own', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const ear = await bindEar(t, endpoint)
  const publisher = createPublisher({endpoints: [endpoint], pid: 5, now: () => 1_700_000_000_000})
  t.after(() => publisher.close())
  publisher.state('-')
  await until('connected', () => ear.messages.length === 1)
  publisher.state('A')
  publisher.log(2, 'one\ntwo')
  publisher.state('b')
  publisher.log(0, 'three')
  await until('the rest', () => ear.messages.length === 4)
  assert.deepEqual(ear.messages.slice(1), [
    ['am.st 5 1700000000.000 A', 'am.st 5 0 b'],
    ['am.log.**** 5 1700000000.000 one two'],
    ['am.log.****** 5 1700000000.000 three'],
  ])
})

test('counters of mails that end together are added, other variables take the last value', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const ear = await bindEar(t, endpoint)
  const publisher = createPublisher({endpoints: [endpoint], pid: 5})
  t.after(() => publisher.close())
  for (const size of [900, 70]) {
    publisher.counters([
      {name: 'InMsgs', type: 'C32', value: 1},
      {name: 'InMsgsSize', type: 'C64', value: size},
      {name: 'LogEntries', type: 'C64', value: 2},
      {name: 'LogEntries', type: 'C64', value: '3'},
      {name: 'virus.byname.Bad Thing', type: 'C32', value: 1},
      {name: 'entropy', type: 'STR', value: 'secret'},
      {name: 'TimeElapsedTotal', type: 'C32', value: -4},
      {name: 'sysName', type: 'STR', value: `mx${size}`},
    ])
  }
  await until('one message', () => ear.messages.length === 1)
  publisher.counters([{name: 'InMsgs', type: 'C32', value: 1}])
  await until('the next message', () => ear.messages.length === 2)
  assert.deepEqual(ear.messages, [
    [
      'am.snmp InMsgs C32 2',
      'am.snmp InMsgsSize C64 970',
      'am.snmp LogEntries C64 10',
      'am.snmp virus.byname.Bad_Thing C32 2',
      'am.snmp sysName STR mx70',
    ],
    ['am.snmp InMsgs C32 1'],
  ])
})

test('without the ZeroMQ library there is one warning, and every call does nothing', async () => {
  const {log, texts} = warnings()
  const open = async () => {
    throw new Error('no addon for this machine')
  }
  const publisher = createPublisher({endpoints: ['ipc:///nowhere'], log, open})
  publisher.state('-')
  await until('the warning', () => texts.length > 0)
  publisher.state('A')
  publisher.counters([{name: 'InMsgs', type: 'C32', value: 1}])
  publisher.log(0, 'x')
  await publisher.close()
  assert.deepEqual(texts, ['ZMQ: no monitoring, the library cannot be used: no addon for this machine'])
})

test('an endpoint that is no address is warned of, the others are used', async t => {
  const {log, texts} = warnings()
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const ear = await bindEar(t, endpoint)
  const publisher = createPublisher({endpoints: ['carrier pigeon', endpoint], pid: 5, log})
  t.after(() => publisher.close())
  publisher.state('-')
  await until('the frame', () => ear.frames().length > 0)
  assert.equal(texts.length, 1)
  assert.match(texts[0] ?? '', /^ZMQ: no monitoring at carrier pigeon: /)
})

test('frames for a forwarder that does not come are given up beyond a bound, and counted', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const publisher = createPublisher({endpoints: [endpoint], holdMs: 20_000})
  t.after(() => publisher.close())
  for (let i = 0; i < 2500; i++) publisher.state('b')
  assert.equal(publisher.dropped, 500)
})

test('closing takes at most 200 ms, with or without anybody listening', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const publisher = createPublisher({endpoints: [endpoint], holdMs: 20_000})
  publisher.state('-')
  const begin = performance.now()
  await publisher.close()
  assert.ok(performance.now() - begin < 400)
})

test('a cold start is announced in three messages', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  const ear = await bindEar(t, endpoint)
  const system = {
    sysDescr: 'amavis 1',
    sysObjectID: '1.3.6.1.4.1.15312.2',
    sysContact: '',
    sysName: 'mx.example.org',
    sysLocation: 'row 3',
  }
  const messages = startFrames(system, 77, 1_700_000_000_999)
  assert.equal(await sendOnce([endpoint], messages), true)
  await until('all three', () => ear.messages.length === 3)
  assert.deepEqual(ear.messages, [
    ['am.snmp FLUSH'],
    [
      'am.snmp sysDescr STR amavis 1',
      'am.snmp sysObjectID OID 1.3.6.1.4.1.15312.2',
      'am.snmp sysUpTime INT 1700000000',
      'am.snmp sysContact STR ',
      'am.snmp sysName STR mx.example.org',
      'am.snmp sysLocation STR row 3',
      'am.snmp sysServices INT 64',
    ],
    ['am.st 77 1700000000.999 FLUSH'],
  ])
})

test('a cold start without a forwarder goes on after the waiting time', async t => {
  const endpoint = `ipc://${path.join(temporaryFolder(t), 'inner')}`
  assert.equal(await sendOnce([endpoint], [['am.snmp FLUSH']], {waitMs: 20}), false)
})

test('all states of many mails in one moment are sent, in one message', async t => {
  const sent: string[][] = []
  const publisher = createPublisher({
    endpoints: ['inproc://nowhere'],
    pid: 7,
    now: () => 1_700_000_000_000,
    open: async () => ({
      connect() {},
      receive: async () => [],
      send: async (frames: readonly string[]) => void sent.push([...frames]),
      close() {},
    }),
  })
  t.after(() => publisher.close())
  for (let n = 1; n <= 20; n++) {
    for (const state of ['m', 'd', '=', 'D', 'r', '.'] as const) publisher.state(state, `00007-01-${n}`)
  }
  await until('the states to be sent', () => sent.length > 0)
  assert.equal(sent.length, 1)
  const letters = sent.flat().map(frame => frame.split(' ')[3])
  assert.equal(letters.join(''), 'md=Dr.'.repeat(20))
})
