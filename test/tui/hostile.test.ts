/**
 * What anybody may write on a bus never reaches a terminal as it is: every view and mode of agent, status and
 * timing is fed it over a real socket.
 */
import assert from 'node:assert/strict'
import {type TestContext, test} from 'node:test'
import {Publisher, Reply} from 'zeromq'
import {runAmavis} from '../support/amavis.ts'
import {temporaryFolder} from '../support/wait.ts'

const amavis = (...args: readonly string[]) => runAmavis(args, {env: {PATH: process.env['PATH']}})

/** Sequences of ESC and of C1, in UTF-8 and as bare octets; line ends, DEL, and what turns the writing around. */
const EVIL = [
  '\u001b[31m\u001b]0;title\u0007',
  '\u009b2J\u009d0;title\u009c',
  '\r\n\u0008\u007f\u2028',
  '\u202eEVIL\u200b\ufeff',
].join('')
const EVIL_TOKEN = EVIL.replaceAll(/\s/g, '')
const WRONG_UTF8 = Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0xc3, 0x28, 0xff])

const LOG = 'am.log.**** 20002 1700000000.000 (20002-01) size: 9, TIMING'
const FRAMES: readonly (string | Buffer)[] = [
  'am.st 20001 1700000000.000 -',
  'am.st 20002 1700000000.000 m 20002-01',
  `am.st 20003 1700000000.000 ${EVIL_TOKEN} ${EVIL_TOKEN}`,
  `am.st 20004 1700000000.000 ${'S'.repeat(500_000)} ${'9'.repeat(400_000)}`,
  Buffer.concat([Buffer.from('am.st 20005 1700000000.000 '), WRONG_UTF8]),
  `am.st 99999999999999999999 1e9 ${EVIL}`,
  `am.st ${EVIL}`,
  `am.proc.busy 20001 99999999999999999 0 ${EVIL}`,
  'am.proc.busy 20002',
  'am.proc.idle 20001 4194305',
  `${LOG} [total 50 ms] - AV${EVIL_TOKEN}: 50 (100%)100`,
  `${LOG.replace('20002-01', EVIL_TOKEN)} [total 50 ms] - ${EVIL}: 50 (100%)100`,
  Buffer.concat([Buffer.from(`${LOG} [total 9 ms] - `), WRONG_UTF8, Buffer.from(': 9 (100%)100')]),
  `am.log.******* 20002 1700000000.000 childproc-minder: PID 20002 went away, task ${EVIL_TOKEN}, states ${EVIL_TOKEN}, age 9.0 s`,
]

const ANSWER: readonly (string | Buffer)[] = [
  'am.snmp InMsgs C32 22',
  'am.snmp ContentVirusMsgs C32 7',
  `am.snmp virus.byname.${EVIL_TOKEN} C32 7`,
  `am.snmp virus.byname.${EVIL} C32 7`,
  Buffer.concat([Buffer.from('am.snmp virus.byname.'), WRONG_UTF8, Buffer.from(' C32 7')]),
  `am.snmp ${EVIL_TOKEN} ${EVIL_TOKEN} ${EVIL}`,
  `am.snmp sysName STR ${EVIL}`,
  `am.snmp sysUpTime INT 9999999999999999999${EVIL_TOKEN}`,
  `am.snmp Huge${'x'.repeat(100_000)} C32 1e999`,
]

async function startBus(t: TestContext): Promise<{bus: string; responder: string}> {
  const folder = temporaryFolder(t)
  const bus = `ipc://${folder}/outer.sock`
  const responder = `ipc://${folder}/snmp.sock`
  const publisher = new Publisher({linger: 0})
  const reply = new Reply({linger: 0})
  await publisher.bind(bus)
  await reply.bind(responder)
  let sending = Promise.resolve()
  const timer = setInterval(() => {
    sending = sending.then(async () => {
      for (const frame of FRAMES) await publisher.send(frame)
    })
  }, 300)
  const answering = (async () => {
    for await (const _ of reply) await reply.send([...ANSWER])
  })()
  t.after(async () => {
    clearInterval(timer)
    await sending
    publisher.close()
    reply.close()
    await answering
  })
  return {bus, responder}
}

/** All but the line ends of a text that was printed. */
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]/

const COMMANDS: readonly (readonly string[])[] = [
  ['agent', '--once'],
  ['agent', '--once', '--json'],
  ['agent', '--once', '--csv'],
  ['agent', '--once', '--filter', 'virus'],
  ['agent', '-c', '2', '-w', '0.1'],
  ['agent', '--classic', '-c', '1'],
  ['status'],
  ['status', '--json'],
  ['status', '--check'],
  ['status', '--classic', '-c', '2', '-w', '1'],
  ['timing', '--once', '-w', '1'],
  ['timing', '--once', '-w', '1', '--json'],
]

test('no view prints what a bus or a responder says as it came', async t => {
  const {bus, responder} = await startBus(t)
  for (const command of COMMANDS) {
    const {status, stdout, stderr} = await amavis(
      ...command,
      '--connect',
      bus,
      ...(command[0] === 'timing' ? [] : ['--snmp-connect', responder]),
    )
    const name = command.join(' ')
    assert.ok(command.includes('--check') ? status <= 2 : status === 0, `${name}: ${status} ${stderr}`)
    const text = stdout + stderr
    assert.notEqual(text, '', name)
    // records of CSV end so
    const shown = command.includes('--csv') ? text.replaceAll('\r\n', '\n') : text
    assert.doesNotMatch(shown, RAW, name)
    if (command.includes('--json')) assert.ok(JSON.parse(stdout), name)
  }
})

test('JSON has what was sent, escaped', async t => {
  const {responder} = await startBus(t)
  const {stdout} = await amavis('agent', '--once', '--json', '--snmp-connect', responder)
  const {variables} = JSON.parse(stdout)
  assert.equal(variables[`virus.byname.${EVIL_TOKEN}`].value, 7)
  assert.equal(variables.sysName.value, EVIL)
})
