import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {Timing} from '../../src/log/timing.ts'
import {parseHeader} from '../../src/message/header.ts'
import {octetsOf} from '../../src/message/octets.ts'
import type {Hooks, NewMail} from '../../src/pipeline/hooks/hooks.ts'
import {hooksProblem, loadHooks} from '../../src/pipeline/hooks/load.ts'
import {mailHooks} from '../../src/pipeline/hooks/run-hooks.ts'
import type {LogLine} from '../../src/pipeline/rehearsal/ports.ts'
import {recordingLog} from '../../src/pipeline/rehearsal/ports.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {temporaryFolder} from '../support/wait.ts'
import {blocked, client, envelope, facts, outcome, recipient, TASK, verdict} from '../verdict/make.ts'

const settings = settingsFrom("$policy_bank{'PARTNER'} = {final_spam_destiny => D_PASS};\n1;")
const content = Buffer.from('Subject: one\r\nsubject: two\r\n\r\nbody\r\n')

function hooksOf(hooks: Hooks<never>, counted = new Map<string, number>(), lines: LogLine[] = []) {
  return mailHooks(Promise.resolve(hooks as Hooks), {
    mail: {
      taskId: TASK,
      envelope: envelope({recipients: [recipient('a@example.com'), recipient('b@example.com')]}),
      client: {...client, forwarded: new Map([['NAME', 'mx.partner.example']])},
      listener: {address: '127.0.0.1', port: 10024, path: undefined},
      protocol: 'ESMTP',
      octets: octetsOf(content),
      data: {bareLf: 0, bareCr: 0, nul: 0},
      receivedAt: 0,
      timing: new Timing(),
      settings,
      preserve: async () => undefined,
    },
    mailId: 'abc',
    header: parseHeader(content),
    content,
    log: recordingLog(lines),
    count: (name, n = 1) => void counted.set(name, (counted.get(name) ?? 0) + n),
  })
}
const found = {findings: [], facts: facts()}

test('new sees the mail, loads a bank, counts and logs', async () => {
  const counted = new Map<string, number>()
  const lines: LogLine[] = []
  const hooks = hooksOf(
    {
      new(mail: NewMail) {
        assert.deepEqual(mail.header('Subject'), ['one', 'two'])
        assert.equal(mail.client.name, 'mx.partner.example')
        mail.count('Seen', 2)
        mail.log(1, 'hello')
        mail.loadBank('PARTNER')
        return undefined as never
      },
    },
    counted,
    lines,
  )
  assert.equal((await hooks.new(settings)).bankPath, 'PARTNER')
  assert.equal(counted.get('Seen'), 2)
  assert.ok(lines.some(({level, text}) => level === 1 && text === 'hello'))
})

test('what new returns is handed to the others, and points go to the recipients that are named', async () => {
  const hooks = hooksOf({
    new: () => 7 as never,
    checks(mail, state) {
      mail.addPoints('HOUSE.ALL', state)
      mail.addPoints('HOUSE.B', -1, ['b@example.com'])
    },
    beforeSend(mail, state) {
      mail.addHeader('X-House', `${state} for ${mail.decisions.map(({destiny}) => destiny).join()}`)
    },
  })
  await hooks.new(settings)
  assert.deepEqual((await hooks.checks(settings, found)).findings, [
    {kind: 'points', test: {name: 'HOUSE.ALL', score: 7}, recipients: undefined},
    {kind: 'points', test: {name: 'HOUSE.B', score: -1}, recipients: [1]},
  ])
  const {fields} = await hooks.beforeSend(settings, [verdict(), blocked('DISCARD', MAJOR.Virus)])
  assert.deepEqual(fields, [{name: 'X-House', body: '7 for PASS,DISCARD'}])
})

test('the last two see what became of each recipient', async () => {
  const seen: string[] = []
  const hooks = hooksOf({
    afterSend: mail => void seen.push(...mail.outcomes.map(({response}) => response)),
    mailDone: mail => void seen.push(...mail.outcomes.map(({blocking}) => String(blocking))),
  })
  const ended = [outcome(blocked('REJECT'))]
  await hooks.afterSend(settings, ended)
  await hooks.mailDone(settings, ended)
  assert.deepEqual(seen, ['554 5.7.0 Reject, id=24331-01 - spam', 'Spam'])
})

const mistakes: readonly [
  what: string,
  hook: (mail: Parameters<NonNullable<Hooks['checks']>>[0]) => void,
  RegExp,
][] = [
  ['what a function throws', () => assert.fail('oh'), /oh/],
  [
    'a value that is no error',
    () => {
      throw 'text'
    },
    /the hook threw text/,
  ],
  ['a bank that there is not', mail => mail.loadBank('NONE'), /there is no policy bank "NONE"/],
  [
    'points for a stranger',
    mail => mail.addPoints('A', 1, ['c@example.com']),
    /<c@example\.com> is no recipient/,
  ],
  ['points that are none', mail => mail.addPoints('A', Number.NaN), /expected a number/],
  ['a test with a line end', mail => mail.addPoints('A\nB', 1), /no name of a test/],
  ['a counter with a blank', mail => mail.count('a b'), /no name of a counter/],
]
for (const [what, hook, message] of mistakes) {
  test(`${what} is a failure of the stage`, async () => {
    await assert.rejects(hooksOf({checks: hook}).checks(settings, found), message)
  })
}

test('a field whose name would break the header is refused', async () => {
  const hooks = hooksOf({beforeSend: mail => mail.addHeader('X:\r\nY', 'z')})
  await assert.rejects(hooks.beforeSend(settings, []), /is no name of a field/)
})

test('a mail object is of no use when its function has ended', async () => {
  let kept: NewMail | undefined
  const hooks = hooksOf({
    new(mail: NewMail) {
      kept = mail
      return undefined as never
    },
  })
  await hooks.new(settings)
  assert.throws(() => kept?.loadBank('PARTNER'), /the hook has ended/)
  assert.throws(() => kept?.count('A'), /the hook has ended/)
})

test('a module that cannot be loaded fails every mail', async () => {
  const loading = Promise.reject(new Error('no module'))
  const hooks = mailHooks(loading, {
    mail: {} as never,
    mailId: '',
    header: parseHeader(content),
    content,
    log: recordingLog([]),
    count() {},
  })
  await assert.rejects(hooks.new(settings), /no module/)
})

const isRoot = process.getuid?.() === 0

test(
  'a file that others than root can change is refused',
  {skip: !isRoot && 'only root can own such files'},
  async t => {
    const {chmodSync, chownSync} = await import('node:fs')
    const home = temporaryFolder(t)
    const file = path.join(home, 'hooks.mjs')
    writeFileSync(file, 'export function checks() {}')
    const daemon = {effectiveUid: 990, effectiveGid: 991}
    assert.equal(hooksProblem(file, daemon), undefined)
    assert.deepEqual(Object.keys(await loadHooks(file, daemon)), ['checks'])
    chmodSync(file, 0o666)
    assert.match(hooksProblem(file, daemon) ?? '', /can be written by everybody/)
    chmodSync(file, 0o664)
    chownSync(file, 0, 991)
    assert.match(hooksProblem(file, daemon) ?? '', /can be written by the group of the daemon/)
    chownSync(file, 990, 0)
    assert.match(hooksProblem(file, daemon) ?? '', /is owned by the user of the daemon/)
    chmodSync(file, 0o644)
    chownSync(file, 0, 0)
    const inner = path.join(home, 'inner')
    mkdirSync(inner)
    writeFileSync(path.join(inner, 'hooks.mjs'), '')
    chownSync(inner, 990, 0)
    assert.match(
      hooksProblem(path.join(inner, 'hooks.mjs'), daemon) ?? '',
      /which the user of the daemon can change/,
    )
  },
)

test('what is no module of hooks is told', {skip: !isRoot && 'only root can own such files'}, async t => {
  const home = temporaryFolder(t)
  const daemon = {effectiveUid: 990, effectiveGid: 991}
  const load = async (text: string) => {
    const file = path.join(home, `h${text.length}.mjs`)
    writeFileSync(file, text)
    return await loadHooks(file, daemon)
  }
  await assert.rejects(
    load('export const a = 1'),
    /exports none of new, checks, beforeSend, afterSend, mailDone/,
  )
  await assert.rejects(load('export const ('), /\$custom_hooks: .*h14\.mjs: /)
  assert.deepEqual(Object.keys(await load('export default {mailDone() {}}')), ['mailDone'])
  assert.equal(hooksProblem('hooks.mjs', daemon), 'is no absolute path')
  assert.equal(hooksProblem(path.join(home, 'none.mjs'), daemon), 'does not exist')
})
