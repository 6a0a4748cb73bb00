import assert from 'node:assert/strict'
import {type TestContext, test} from 'node:test'
import {Reply} from 'zeromq'
import {parseFrame} from '../../src/bus/grammar.ts'
import {Responders, sumVariables} from '../../src/tui/agent/answer.ts'
import {type CounterRow, counterLines} from '../../src/tui/agent/counter-rows.ts'
import {variablesOf} from '../../src/tui/agent/text.ts'
import {runAmavis} from '../support/amavis.ts'
import {temporaryFolder} from '../support/wait.ts'

const variables = (...frames: string[]) => variablesOf(frames.map(parseFrame))

test('counters of several hosts are added, the earliest start counts, texts stand side by side', () => {
  const sum = sumVariables([
    variables('am.snmp InMsgs C32 5', 'am.snmp sysUpTime INT 1700000100', 'am.snmp sysName STR mx1'),
    variables('am.snmp InMsgs C32 7', 'am.snmp sysUpTime INT 1700000000', 'am.snmp sysName STR mx2'),
    variables('am.snmp virus.byname.X C32 1', 'am.snmp sysServices INT 64', 'am.snmp sysName STR mx2'),
  ])
  assert.deepEqual(
    [...sum].map(([name, {value}]) => [name, value]),
    [
      ['InMsgs', '12'],
      ['sysUpTime', '1700000000'],
      ['sysName', 'mx1; mx2; mx2'],
      ['virus.byname.X', '1'],
      ['sysServices', '64'],
    ],
  )
})

async function startResponder(
  t: TestContext,
  folder: string,
  name: string,
  messages: number,
): Promise<string> {
  const endpoint = `ipc://${folder}/${name}.sock`
  const reply = new Reply({linger: 0})
  await reply.bind(endpoint)
  const answering = (async () => {
    for await (const _ of reply)
      await reply.send([`am.snmp InMsgs C32 ${messages}`, `am.snmp sysUpTime INT ${messages}`])
  })()
  t.after(async () => {
    reply.close()
    await answering
  })
  return endpoint
}

test('agent adds what several responders answer, and names the one that is silent', async t => {
  const folder = temporaryFolder(t)
  const [a, b] = [await startResponder(t, folder, 'a', 5), await startResponder(t, folder, 'b', 7)]
  const both = await runAmavis(['agent', '--once', '--snmp-connect', a, '--snmp-connect', b])
  assert.match(both.stdout, /^InMsgs +12 /m)
  const nobody = `ipc://${folder}/nobody.sock`
  const one = await runAmavis(['agent', '--once', '--json', '--snmp-connect', a, '--snmp-connect', nobody])
  assert.equal(JSON.parse(one.stdout).variables.InMsgs.value, 5)
  assert.equal(one.stderr, `amavis: no answer from ${nobody}\n`)
  assert.equal(one.status, 0)
})

test('a responder that falls silent counts with its last answer, and another start is another epoch', async t => {
  const folder = temporaryFolder(t)
  const a = await startResponder(t, folder, 'a', 5)
  const responders = new Responders([a, `ipc://${folder}/b.sock`])
  const before = await responders.ask()
  assert.deepEqual([before.variables?.get('InMsgs')?.value, before.silent.length], ['5', 1])
  await startResponder(t, folder, 'b', 7)
  const after = await responders.ask()
  assert.deepEqual([after.variables?.get('InMsgs')?.value, after.silent.length], ['12', 0])
  assert.notEqual(after.epoch, before.epoch)
})

test('in the order of names counters stand under the heading of their kind', () => {
  const row = (name: string): CounterRow => ({
    name,
    group: name.includes('.by') ? 'names' : 'counters',
    value: 1,
    perHour: 0,
    lastMinute: undefined,
    base: '',
    percent: undefined,
    growth: [],
  })
  const rows = ['ContentCleanMsgs', 'InMsgs', 'InMsgsSize', 'Strange', 'virus.byname.X'].map(row)
  const firstWords = (sort: 'name' | 'value') => counterLines(rows, sort, 80).map(line => line.split(' ')[0])
  assert.deepEqual(firstWords('name'), [
    'RECEIVED',
    'InMsgs',
    'InMsgsSize',
    'CONTENTS',
    'ContentCleanMsgs',
    'VIRUSES',
    'virus.byname.X',
    'OTHERS',
    'Strange',
  ])
  assert.deepEqual(
    firstWords('value'),
    rows.map(({name}) => name),
  )
})
