import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {octetsOf} from '../../../src/message/octets.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {recipient, shown, startSender} from './sending.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-methods-'))
after(() => rmSync(folder, {recursive: true}))

/** A program of a few lines, written for the test. */
function program(name: string, body: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}

const said = path.join(folder, 'said')
const remember = program('remember', `for a in "$@"; do echo "[$a]"; done > ${said}; cat > ${said}.mail`)
const sendmail = program('sendmail', `for a in "$@"; do echo "[$a]"; done > ${said}; cat > ${said}.mail`)
const ending = (status: number) =>
  program(`exit${status}`, `cat >/dev/null; echo "why ${status}" >&2; exit ${status}`)

const TWO = [recipient('one@x.test'), recipient('t wo@x.test')]

test('a program gets sender, recipients and the mail with LF', async () => {
  const sender = startSender()
  const results = await sender.send({
    method: `pipe:flags=q argv=${remember} -f \${sender} to=\${recipient} end`,
    recipients: TWO,
    octets: octetsOf(Buffer.from('Subject: x\r\n\r\n.\r\nbody\r\n')),
  })
  assert.deepEqual(
    shown(results).map(text => text.slice(0, 9)),
    ['250 2.6.0', '250 2.6.0'],
  )
  assert.equal(
    readFileSync(said, 'utf8'),
    '[-f]\n[s@example.org]\n[to=one@x.test]\n[to=t wo@x.test]\n[end]\n',
  )
  assert.equal(readFileSync(`${said}.mail`, 'utf8'), 'X-Head: 1\nSubject: x\n\n.\nbody\n')
  assert.ok(sender.sections.includes('fwd-pipe'))
})

test('the null sender is <>, and sendmail is told what the sender wants to hear', async () => {
  const method = `pipe:argv=${sendmail} -i -f \${sender} -- \${recipient}`
  const recipients = [recipient('a@x.test', {notify: ['FAILURE', 'DELAY']})]
  await startSender().send({method, sender: '', recipients, envid: 'id 1'})
  assert.equal(
    readFileSync(said, 'utf8'),
    '[-N]\n[failure,delay]\n[-V]\n[id+201]\n[-i]\n[-f]\n[<>]\n[--]\n[a@x.test]\n',
  )
})

const statuses: readonly [status: number, reply: RegExp][] = [
  [0, /^250 2\.6\.0 /],
  [75, /^450 4\.5\.0 /],
  [67, /^554 5\.1\.1 /],
  [69, /^554 5\.5\.0 /],
  [1, /^451 4\.5\.0 /],
  [255, /^451 4\.5\.0 /],
]

for (const [status, reply] of statuses) {
  test(`exit status ${status} of a program`, async () => {
    const sender = startSender()
    const [answer] = shown(await sender.send({method: `pipe:argv=${ending(status)} \${recipient}`}))
    assert.match(answer!, reply)
    assert.doesNotMatch(answer!, new RegExp(folder))
    assert.match(JSON.stringify(sender.logged), new RegExp(`why ${status}`))
  })
}

const failures: readonly [title: string, method: string, reply: RegExp][] = [
  ['a program that is not there', 'pipe:argv=/nonexistent/program', /^451 4\.5\.0 /],
  ['no program at all', 'pipe:flags=R', /^451 4\.3\.5 /],
  ['one that the system does not start', `pipe:argv=cat ${'x'.repeat(1024 * 1024)}`, /^451 4\.5\.0 /],
  ['a program that is killed', `pipe:argv=${program('dies', 'kill -9 $$')}`, /^451 4\.5\.0 /],
  ['a store that there is not', 'sql:', /^451 4\.3\.5 /],
  ['a method that there is not', 'uucp:x', /^451 4\.3\.5 /],
]

for (const [title, method, reply] of failures) {
  test(title, async () => {
    const [answer] = shown(await startSender().send({method}))
    assert.match(answer!, reply)
    assert.doesNotMatch(answer!, /nonexistent|dies\//)
  })
}

test('a program that hangs is killed with its children', async () => {
  const method = `pipe:argv=${program('hangs', 'sleep 60 & wait')}`
  const before = Date.now()
  const [answer] = shown(await startSender().send({method, deadlineMs: 200}))
  assert.match(answer!, /^451 4\.5\.0 /)
  assert.ok(Date.now() - before < 20_000)
})

test('a process that a program leaves behind, with its pipes, keeps nobody waiting', async () => {
  const leaving = program('leaves', 'cat >/dev/null; setsid sleep 8 & exit 0')
  const staying = program('stays', 'setsid sleep 8 & sleep 60')
  const startedAt = performance.now()
  const [done] = shown(await startSender().send({method: `pipe:argv=${leaving}`}))
  assert.match(done!, /^250 2\.6\.0 /)
  const [killed] = shown(await startSender().send({method: `pipe:argv=${staying}`, deadlineMs: 300}))
  assert.match(killed!, /^451 4\.5\.0 /)
  assert.ok(performance.now() - startedAt < 5000)
})

test('a program that does not read the mail has not delivered it', async () => {
  const octets = octetsOf(Buffer.alloc(4 * 1024 * 1024, 'x\r\n'))
  const [answer] = shown(await startSender().send({method: `pipe:argv=${program('deaf', 'exit 0')}`, octets}))
  assert.match(answer!, /^451 4\.5\.0 /)
})

test('an address that looks like an option is not given to a program', async () => {
  const recipients = [recipient('-oQ/tmp@x.test'), recipient('good@x.test')]
  const results = shown(await startSender().send({method: `pipe:argv=${remember} \${recipient}`, recipients}))
  assert.deepEqual(
    results.map(text => text.slice(0, 9)),
    ['553 5.1.3', '250 2.6.0'],
  )
  assert.equal(readFileSync(said, 'utf8'), '[good@x.test]\n')
})

test('a BSMTP file has envelope and content, and stands under its name only when it is whole', async () => {
  const quarantine = path.join(folder, 'bsmtp')
  mkdirSync(quarantine)
  const settings = settingsFrom(`use strict;\n$QUARANTINEDIR = '${quarantine}';\n1;`)
  const results = await startSender().send({
    method: 'bsmtp:out-%s-%m',
    settings,
    recipients: [recipient('one@x.test', {notify: ['NEVER']})],
    octets: octetsOf(Buffer.from('Subject: x\r\n\r\n.dot\r\n')),
  })
  assert.match(shown(results)[0]!, /^250 2\.6\.0 /)
  assert.deepEqual(readdirSync(quarantine), ['out-s_at_example.org-g8b6GiznPrGP'])
  assert.equal(
    readFileSync(path.join(quarantine, 'out-s_at_example.org-g8b6GiznPrGP'), 'utf8'),
    'EHLO localhost\nMAIL FROM:<s@example.org>\nRCPT TO:<one@x.test> NOTIFY=NEVER\nDATA\nX-Head: 1\nSubject: x\n\n..dot\n.\nQUIT\n',
  )
  // never over another one
  const [again] = shown(await startSender().send({method: 'bsmtp:out-%s-%m', settings}))
  assert.match(again!, /^451 /)
})

test('mail is delivered into a mailbox; without one it stays where it is', async () => {
  const mailbox = path.join(folder, 'box')
  const settings = settingsFrom(
    `use strict;\n$local_delivery_aliases{'here'} = '${mailbox}'; $local_delivery_aliases{'gone'} = '';\n1;`,
  )
  const recipients = [recipient('here@x.test'), recipient('gone@x.test'), recipient('nobody@x.test')]
  const results = shown(await startSender().send({method: 'local:', settings, recipients}))
  assert.deepEqual(
    results.map(text => text.slice(0, 3)),
    ['250', '250', '451'],
  )
  assert.match(
    readFileSync(mailbox, 'utf8'),
    /^From s@example\.org .*\nReturn-Path: <s@example\.org>\nDelivered-To: here@x\.test\nX-Head: 1\nSubject: x\n/,
  )
})
