import assert from 'node:assert/strict'
import {test} from 'node:test'
import {endChild, isLocalEndpoint} from '../../src/tui/children/local.ts'
import {parseClassicOptions} from '../../src/tui/classic-options.ts'
import {type EndpointChoice, resolveEndpoints} from '../../src/tui/endpoints.ts'
import {hasLightBackground} from '../../src/tui/theme.ts'

const CHOICE: EndpointChoice = {
  connect: undefined,
  environment: {},
  configured: async () => ({bus: undefined, responder: undefined, control: undefined}),
}

test('the command line decides on the bus, then the environment, then the configuration, then the default', async () => {
  const configured = async () => ({
    bus: 'ipc:///home/outer.sock',
    responder: 'ipc:///home/answers.sock',
    control: undefined,
  })
  const environment = {AMAVIS_CONNECT: 'tcp://mx1:1 tcp://mx2:2'}
  const connect = ['tcp://mx3:23232']
  assert.deepEqual(await resolveEndpoints({connect, environment, configured}), {
    buses: ['tcp://mx3:23232'],
    responder: 'tcp://mx3:23233',
    responders: ['tcp://mx3:23233'],
  })
  assert.deepEqual(await resolveEndpoints({...CHOICE, environment, configured}), {
    buses: ['tcp://mx1:1', 'tcp://mx2:2'],
    responder: 'tcp://mx1:2',
    responders: ['tcp://mx1:2', 'tcp://mx2:3'],
  })
  assert.deepEqual(await resolveEndpoints({...CHOICE, configured}), {
    buses: ['ipc:///home/outer.sock'],
    responder: 'ipc:///home/answers.sock',
    responders: ['ipc:///home/answers.sock'],
  })
  assert.deepEqual(await resolveEndpoints(CHOICE), {
    buses: ['tcp://127.0.0.1:23232'],
    responder: 'tcp://127.0.0.1:23233',
    responders: ['tcp://127.0.0.1:23233'],
  })
})

test('the responder is named by itself, or stands beside the bus', async () => {
  const responderFor = async (bus: string) => (await resolveEndpoints({...CHOICE, connect: [bus]})).responder
  assert.equal(await responderFor('ipc:///run/amavis/outer.sock'), 'ipc:///run/amavis/snmp.sock')
  assert.equal(await responderFor('tcp://[::1]:9000'), 'tcp://[::1]:9001')
  const named = await resolveEndpoints({...CHOICE, connect: ['tcp://mx1:1'], snmpConnect: 'tcp://mx2:9'})
  assert.equal(named.responder, 'tcp://mx2:9')
  const two = {...CHOICE, connect: ['tcp://mx1:1', 'tcp://mx2:1']}
  const responders = async (...snmpConnect: string[]) =>
    (await resolveEndpoints({...two, snmpConnect})).responders
  assert.deepEqual(await responders(), ['tcp://mx1:2', 'tcp://mx2:2'])
  assert.deepEqual(await responders('tcp://a:1'), ['tcp://a:1', 'tcp://mx2:2'])
  assert.deepEqual(await responders('tcp://a:1', 'tcp://b:1', 'tcp://c:1'), [
    'tcp://a:1',
    'tcp://b:1',
    'tcp://c:1',
  ])
})

test('only buses on this machine are local', () => {
  for (const endpoint of ['ipc:///run/a.sock', 'tcp://127.0.0.1:1', 'tcp://localhost:1', 'tcp://[::1]:1']) {
    assert.ok(isLocalEndpoint(endpoint), endpoint)
  }
  for (const endpoint of ['tcp://mx1:1', 'tcp://10.0.0.1:1', 'tcp://127.0.0.1.example.com:1', 'pgm://x:1']) {
    assert.ok(!isLocalEndpoint(endpoint), endpoint)
  }
})

test("a child of another machine's bus is never signalled", () => {
  const asked: number[] = []
  const processes = {
    probe: () => 'alive' as const,
    signal: (pid: number) => {
      asked.push(pid)
      return 'alive' as const
    },
  }
  assert.equal(endChild({endpoint: 'tcp://mx1:23232', pid: 4711}, processes).kind, 'refused')
  assert.deepEqual(asked, [])
  assert.equal(endChild({endpoint: 'tcp://127.0.0.1:23232', pid: 4711}, processes).kind, 'signalled')
  assert.deepEqual(asked, [4711])
})

test('the old command lines are a count and seconds, and nothing else', () => {
  assert.deepEqual(parseClassicOptions([]), {count: undefined, waitMs: undefined})
  assert.deepEqual(parseClassicOptions(['-w', '0.5', '-c', '-3']), {count: -3, waitMs: 500})
  for (const args of [['-w', '.5'], ['-c'], ['-c', '1.5'], ['-h'], ['-w', '-1'], ['x']]) {
    assert.equal(parseClassicOptions(args), undefined, args.join(' '))
  }
})

test('a light background is known by what the terminal says of it', () => {
  assert.equal(hasLightBackground({COLORFGBG: '0;15'}), true)
  assert.equal(hasLightBackground({COLORFGBG: '0;default;7'}), true)
  assert.equal(hasLightBackground({COLORFGBG: '15;0'}), false)
  assert.equal(hasLightBackground({}), false)
})
