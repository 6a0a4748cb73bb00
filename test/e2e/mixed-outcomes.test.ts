/** One mail, recipients that end differently: SMTP has one answer for all of them, LMTP one for each. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {startDaemon} from '../support/daemon.ts'
import {converse, startHop} from '../support/hop.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')
const CONTENT = `Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nFrom: <a@remote.test>\r\n\r\n${GTUBE}\r\n.`

/** A recipient's name says what becomes of his mail: by policy, or at the next hop. */
const POLICY = `
$final_destiny_maps_by_ccat{+CC_SPAM} = [{
  'reject@example.com' => D_REJECT, 'discard@example.com' => D_DISCARD, 'wait@example.com' => D_TEMPFAIL,
  'bounce@example.com' => D_BOUNCE, 'quiet@example.com' => D_BOUNCE, '.' => D_PASS,
}];
@spam_dsn_cutoff_level_maps = ({'quiet@example.com' => 1});
$propagate_dsn_if_possible = 0;
$policy_bank{'LMTP'} = {protocol => 'LMTP'};
`
const RELAYED = String.raw`250 2\.0\.0 from MTA\(smtp:\[127\.0\.0\.1\]:\d+\): 250 2\.0\.0 Ok: queued as Q7ABC\d{4}`
const REJECTED = String.raw`554 5\.7\.0 Reject, id=[\d-]+ - spam`
const DISCARDED = String.raw`250 2\.7\.0 Ok, discarded, id=[\d-]+ - spam`
const WAITS = String.raw`450 4\.7\.0 Temporary failure, id=[\d-]+ - spam`
const NONE = String.raw`250 2\.5\.0 Ok, id=[\d-]+`
const REFUSED = String.raw`550 5\.1\.1 id=[\d-]+ - Rejected by next-hop MTA on relaying, from MTA\(\S+\): 550 5\.1\.1 no`
const BUSY = String.raw`450 4\.2\.0 id=[\d-]+ - Temporary MTA failure on relaying, from MTA\(\S+\): 450 4\.2\.0 busy`

const smtp: readonly (readonly [names: string, answer: string])[] = [
  ['pass', RELAYED],
  ['pass other', RELAYED],
  ['reject', REJECTED],
  ['discard', DISCARDED],
  ['wait', WAITS],
  ['bounce', `${NONE}, BOUNCE`],
  ['quiet', String.raw`${NONE}, DISCARD\(bounce\.suppressed\)`],
  ['refused', REFUSED],
  ['busy', BUSY],
  ['reject discard', REJECTED],
  ['pass reject', `${RELAYED}, but 1 REJECT`],
  ['reject pass', `${RELAYED}, but 1 REJECT`],
  ['pass refused', `${RELAYED}, but 1 REJECT`],
  ['pass discard', `${RELAYED}, but 1 DISCARD`],
  ['pass bounce', `${RELAYED}, but 1 BOUNCE`],
  ['pass quiet', String.raw`${RELAYED}, but 1 DISCARD\(bounce\.suppressed\)`],
  ['pass reject refused bounce discard', `${RELAYED}, but 2 REJECT, and 1 BOUNCE, and 1 DISCARD`],
  ['reject bounce', `${NONE}, but 1 REJECT, and 1 BOUNCE`],
  ['bounce discard', `${NONE}, but 1 BOUNCE, and 1 DISCARD`],
  ['reject refused', REFUSED],
  ['pass wait', WAITS],
  ['reject wait discard', WAITS],
  ['pass busy', BUSY],
]

const lmtp: readonly (readonly [name: string, answer: string])[] = [
  ['pass', RELAYED],
  ['reject', REJECTED],
  ['discard', DISCARDED],
  ['wait', WAITS],
  [
    'bounce',
    String.raw`250 2\.5\.0 Ok <bounce@example\.com>, DSN was sent \(554 5\.7\.0 Bounce, id=[\d-]+ - spam\)`,
  ],
  [
    'quiet',
    String.raw`250 2\.5\.0 Ok <quiet@example\.com>, DSN suppressed \(554 5\.7\.0 Bounce, id=[\d-]+ - spam\)`,
  ],
  ['refused', REFUSED],
  ['busy', BUSY],
]

async function answersOf(port: number, hello: string, names: readonly string[]): Promise<string[]> {
  const isLmtp = hello.startsWith('LHLO')
  const rcpts = names.map(name => `RCPT TO:<${name}@example.com>`)
  const lines = [hello, 'MAIL FROM:<a@remote.test>', ...rcpts, 'DATA', CONTENT]
  const said = await converse(port, lines, isLmtp ? names.length : 1)
  const start = said.findIndex(line => line.startsWith('354')) + 1
  return said.slice(start, -1)
}

test('recipients of one mail that end differently', async t => {
  const home = temporaryFolder(t)
  const [port, lmtpPort] = [await freePort(), await freePort()]
  const hop = await startHop(t, {
    'RCPT TO:<refused@example.com>': '550 5.1.1 no',
    'RCPT TO:<busy@example.com>': '450 4.2.0 busy',
  })
  const hopMethod = `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';`
  const ports = `$inet_socket_port = [${port}, ${lmtpPort}]; $interface_policy{'${lmtpPort}'} = 'LMTP';`
  await startDaemon(t, home, port, `${hopMethod}${POLICY}${ports}`)

  for (const [names, answer] of smtp) {
    await t.test(`SMTP, ${names}: ${answer}`, async () => {
      const [reply = '', ...more] = await answersOf(port, 'EHLO mx.remote.test', names.split(' '))
      assert.match(reply, new RegExp(`^${answer}$`))
      assert.deepEqual(more, [])
    })
  }

  for (const names of [lmtp, [...lmtp].reverse()]) {
    await t.test(`LMTP, ${names.map(([name]) => name)}: each has his own`, async () => {
      const replies = await answersOf(
        lmtpPort,
        'LHLO mx.remote.test',
        names.map(([name]) => name),
      )
      assert.equal(replies.length, names.length)
      for (const [index, [, answer]] of names.entries())
        assert.match(replies[index]!, new RegExp(`^${answer}$`))
    })
  }
})
