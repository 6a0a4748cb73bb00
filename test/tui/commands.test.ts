import assert from 'node:assert/strict'
import {type TestContext, test} from 'node:test'
import {Publisher, Reply} from 'zeromq'
import {runAmavis} from '../support/amavis.ts'
import {temporaryFolder} from '../support/wait.ts'

/** Without a terminal, and without what this one says about colours and endpoints. */
const amavis = (...args: readonly string[]) => runAmavis(args, {env: {PATH: process.env['PATH']}})

/** A bus with a busy and an idle child that repeat their states, and a responder. */
async function startBus(t: TestContext): Promise<{bus: string; responder: string}> {
  const folder = temporaryFolder(t)
  const bus = `ipc://${folder}/outer.sock`
  const responder = `ipc://${folder}/snmp.sock`
  const publisher = new Publisher({linger: 0})
  const reply = new Reply({linger: 0})
  await publisher.bind(bus)
  await reply.bind(responder)
  const start = Date.now()
  const frames = ['am.st 28039 %d S 28039-01', 'am.st 28048 %d -', 'am.proc.busy 28039', 'am.proc.idle 28048']
  let sending = Promise.resolve()
  const timer = setInterval(() => {
    for (const frame of frames) {
      const text = frame.replace('%d', String(Date.now() - start + 60_000))
      sending = sending.then(() => publisher.send(text))
    }
  }, 200)
  const answering = (async () => {
    for await (const _ of reply) await reply.send(['am.snmp InMsgs C32 22', 'am.snmp sysName STR mx'])
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

test('without a terminal the views print text, JSON and exit statuses', async t => {
  const {bus, responder} = await startBus(t)
  const [once, json, agent, status, classic] = await Promise.all([
    amavis('nanny', '--once', '--connect', bus),
    amavis('nanny', '-c', '2', '-w', '0.1', '--json', '--connect', bus),
    amavis('agent', '--snmp-connect', responder),
    amavis('status', '--connect', bus),
    amavis('nanny', '--classic', '-c', '1', '--connect', bus),
  ])
  assert.equal(once.status, 0, once.stderr)
  assert.match(
    once.stdout,
    /^process-id .*\n +or state .*\n\nPID 28039: 28039-01 {6}0:01:0\d =+:.*S>\nPID 28048: {15}0:01:0\d \.{9}:.*\n$/,
  )
  assert.equal(once.stderr, '')

  const displays = json.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(displays.length, 2)
  assert.deepEqual([displays[0].busy, displays[0].idle], [1, 1])
  assert.deepEqual(
    displays[0].children.map(({pid, state, task_id}: Record<string, unknown>) => [pid, state, task_id]),
    [
      [28039, 'S', '28039-01'],
      [28048, '-', null],
    ],
  )

  assert.equal(agent.status, 0, agent.stderr)
  assert.match(agent.stdout, /^InMsgs +22 +0\/h +100\.0 % \(InMsgs\)$/m)

  assert.equal(status.status, 0, status.stderr)
  assert.match(
    status.stdout,
    /^ {2}services +msg-forwarder alive, childproc-minder alive, snmp-responder alive$/m,
  )
  assert.match(status.stdout, /^ {2}children +1 busy, 1 idle; oldest task /m)

  assert.match(classic.stdout, /^process-id .*\n +or state .*\n\n$/)
  assert.match(classic.stderr, /^PID 28039: .*\nPID 28048: .*\n$/)
})

test('silence is said on standard error, with what to do, and status 1', async t => {
  const nobody = `ipc://${temporaryFolder(t)}/outer.sock`
  const views = await Promise.all(
    ['nanny', 'agent', 'status'].map(view => amavis(view, '--once', '--connect', nobody)),
  )
  for (const {status, stdout, stderr} of views) {
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /"amavis mc"/)
  }
})

test('wrong use has status 2, and under the old options the old usage and status', async () => {
  const table: [string[], number, RegExp][] = [
    [['nanny', '--nonsense'], 2, /Nonexistent flag: --nonsense/],
    [['nanny', 'nonsense'], 2, /unexpected argument: nonsense/],
    [['nanny', '-w', 'x'], 2, /expected seconds such as 2 or 0\.5, found "x"/],
    [['nanny', '--once', '--connect', 'nonsense'], 2, /cannot connect to "nonsense"/],
    [['nanny', '--classic', '--', '-h'], 255, /^Usage: amavisd-nanny .*\nexited\n$/],
    [['agent', '--classic', '--', '-h'], 255, /^Usage: amavisd-agent .*\nexited\n$/],
  ]
  await Promise.all(
    table.map(async ([args, status, stderr]) => {
      const ended = await amavis(...args)
      assert.equal(ended.status, status, args.join(' '))
      assert.match(ended.stderr, stderr)
    }),
  )
  const status = await amavis('status', '--classic', '--', 'x')
  assert.equal(status.status, 1)
  assert.match(status.stdout, /^States legend:\n[\s\S]*exited\n$/)
})
