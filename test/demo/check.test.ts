import assert from 'node:assert/strict'
import {test} from 'node:test'
import {check, type Sent} from '../../src/demo/demo.ts'
import {type DemoMail, demoMail, EXPECTATIONS} from '../../src/demo/mails.ts'

const mails = Array.from({length: 10}, (_, n) => demoMail(n))
const reply = (mail: DemoMail) => (EXPECTATIONS[mail.kind].reply === 2 ? '250 2.0.0 Ok' : '554 5.7.0 Reject')
const sent: Sent[] = mails.map(mail => ({mail, reply: reply(mail)}))
const arrived = [
  ...mails
    .filter(mail => EXPECTATIONS[mail.kind].delivered)
    .map(mail => ({sender: mail.sender, recipients: [mail.recipient], octets: mail.octets})),
  {sender: '', recipients: ['sender6@example.net'], octets: Buffer.from('Subject: failure\r\n\r\n')},
]
const quarantined = ['spam-a', 'virus-b', 'banned-c', 'badh-d']

test('ten mails that ended as the policy asks have no problems', () => {
  assert.deepEqual(check(sent, {mails: arrived}, quarantined), [])
})

const faults: readonly [string, Sent[], typeof arrived, string[], RegExp][] = [
  [
    'a wrong answer',
    sent.map(s => ({...s, reply: '451 4.5.0 no'})),
    arrived,
    quarantined,
    /was answered 451/,
  ],
  ['a lost mail', sent, arrived.slice(1), quarantined, /did not arrive/],
  ['a missing quarantine copy', sent, arrived, quarantined.slice(1), /1 spam mails, 0 in quarantine/],
  ['a missing notification', sent, arrived.slice(0, -1), quarantined, /0 notifications/],
  [
    'a delivered virus',
    sent,
    [...arrived, {sender: '', recipients: [], octets: mails[4]!.octets}],
    quarantined,
    /virus mail .* was delivered/,
  ],
  [
    'a changed mail',
    sent,
    arrived.map(mail => ({
      ...mail,
      octets: Buffer.from(mail.octets.toString('latin1').replace('nothing', 'something'), 'latin1'),
    })),
    quarantined,
    /was changed on its way/,
  ],
]
for (const [name, s, a, q, expected] of faults) {
  test(`${name} is noticed`, () => {
    assert.match(check(s, {mails: a}, q).join('\n'), expected)
  })
}
