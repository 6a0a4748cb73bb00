/** Recipients who need different copies, with `$reinject_different_copies`: what the MTA hears when not all goes well. */
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {Mta} from '../milter/mta.ts'
import {startMilterSite} from '../milter/site.ts'
import {startHop} from '../support/hop.ts'
import {until} from '../support/wait.ts'

/** Their copies differ: only that of our own has X-Spam fields. */
const RECIPIENTS = ['u@example.com', 'x@other.test']

async function startSite(t: TestContext, answers: Readonly<Record<string, string>>, lines = '') {
  const hop = await startHop(t, answers)
  const site = await startMilterSite(
    t,
    'max_procs => 1',
    `$reinject_different_copies = 1; $forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';
$sa_tag_level_deflt = -999; ${lines}`,
  )
  const mta = await (await Mta.connect(site.port)).greet()
  mta.recipients = RECIPIENTS
  return {hop, mta, log: () => readFileSync(path.join(site.home, 'log'), 'utf8')}
}

/** To whom copies went, without notifications. */
const copies = (mails: readonly string[]) => mails.filter(text => /^Subject: x\r$/m.test(text)).length

const ENDS: readonly (readonly [
  title: string,
  answers: Readonly<Record<string, string>>,
  verdict: string,
  sent: number,
])[] = [
  ['all are taken: the MTA discards what it has', {}, 'd', 2],
  [
    'the first is deferred: nothing is sent, and the client comes again',
    {'RCPT TO:<u@example.com>': '450 4.2.0 busy'},
    'y',
    0,
  ],
  [
    'the second is deferred: the client comes again for all, as over SMTP',
    {'RCPT TO:<x@other.test>': '450 4.2.0 busy'},
    'y',
    1,
  ],
  ['none is taken: the client is refused', {'RCPT TO:': '550 5.1.1 nobody'}, 'y', 0],
]
for (const [title, answers, verdict, sent] of ENDS) {
  test(`copies of their own, and ${title}`, async t => {
    const {hop, mta} = await startSite(t, answers)
    assert.equal(await mta.mail(), verdict)
    assert.equal(copies(hop.mails), sent)
    await mta.quit()
  })
}

test('copies of their own, and one is refused for good: its sender has a notification, the other its copy', async t => {
  const {hop, mta, log} = await startSite(t, {'RCPT TO:<x@other.test>': '550 5.1.1 nobody'})
  assert.equal(await mta.mail(), 'd')
  assert.equal(copies(hop.mails.filter(text => !text.includes('Diagnostic-Code'))), 1)
  await until('the notification', () => hop.mails.some(text => /^Status: 5\.1\.1\r$/m.test(text)))
  assert.match(log(), /RelayedInbound/)
  await mta.quit()
})

test('a mail that is to be held is held by the MTA, in one copy', async t => {
  const {hop, mta} = await startSite(t, {}, '%milter_hold_by_ccat = (CC_CATCHALL, 1);')
  const before = mta.replies.length
  assert.equal(await mta.mail(), 'c')
  assert.match(mta.replies.slice(before), /^[him]*qc$/)
  assert.equal(hop.mails.length, 0)
  await mta.quit()
})

test('without a next hop the client comes again', async t => {
  const {mta, log} = await startSite(t, {}, '$forward_method = undef;')
  assert.equal(await mta.mail(), 'y')
  assert.match(log(), /TROUBLE in check_mail: forward FAILED/)
  await mta.quit()
})

test('an address in UTF-8 that nobody has announced goes out in its own octets, and ends no line', async t => {
  const {hop, mta} = await startSite(t, {})
  t.after(() => mta.leave())
  // the lower octets of these letters are CR and LF
  const address = 'a\u010d\u010aRSET\u010d\u010a@remote.test'
  mta.sender = address
  mta.recipients = ['ü@example.com', 'x@other.test']
  await mta.mail()
  const octets = (text: string) => Buffer.from(text).toString('latin1')
  const said = hop.commands.filter(command => /^(?:MAIL|RCPT|RSET)/.test(command))
  assert.deepEqual(
    said.map(command => command.replace(/ BODY=.*/, '')),
    [
      `MAIL FROM:<${octets(address)}>`,
      `RCPT TO:<${octets('ü@example.com')}>`,
      `MAIL FROM:<${octets(address)}>`,
      'RCPT TO:<x@other.test>',
    ],
  )
})
