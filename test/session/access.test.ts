import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Scalar} from '../../src/config/value.ts'
import type {Listener} from '../../src/message/envelope.ts'
import {type Admission, admit} from '../../src/session/access.ts'
import {settingsFrom} from './smtp/harness.ts'

const TCP: Listener = {address: '127.0.0.1', port: 10_024, path: undefined}
const TCP6: Listener = {address: '2001:DB8::1', port: 10_026, path: undefined}
const UNIX: Listener = {address: undefined, port: undefined, path: '/run/amavisd.sock'}

const settings = settingsFrom(
  {
    '%interface_policy': new Map<string, Scalar>([
      ['10026', 'OUT'],
      ['[2001:db8::1]:10026', 'WIDE'],
      ['SOCK', 'PDP'],
      ['10030', 'MISSING'],
    ]),
  },
  {
    OUT: {inet_acl: ['10.0.0.0/8'], protocol: 'lmtp'},
    WIDE: {inet_acl: ['!10.1.0.0/16', '10.0.0.0/8', '2001:db8::/32']},
    PDP: {protocol: 'AM.PDP'},
  },
)

function summary(admission: Admission): string {
  return admission.kind === 'refused'
    ? admission.log
    : `${admission.protocol} with '${admission.settings.bankPath}'`
}

const CASES: [from: string | undefined, listener: Listener, expected: string][] = [
  ['127.0.0.1', TCP, "SMTP with ''"],
  ['::ffff:127.0.0.1', TCP, "SMTP with ''"],
  ['::1', TCP, "SMTP with ''"],
  ['192.0.2.1', TCP, "DENIED ACCESS from IP 192.0.2.1, policy bank ''"],
  ['10.2.3.4', {...TCP, port: 10_026}, "LMTP with 'OUT'"],
  ['127.0.0.1', {...TCP, port: 10_026}, "DENIED ACCESS from IP 127.0.0.1, policy bank 'OUT'"],
  ['10.2.3.4', TCP6, "LMTP with 'OUT/WIDE'"],
  ['10.1.3.4', TCP6, "DENIED ACCESS from IP 10.1.3.4, policy bank 'OUT/WIDE'"],
  ['2001:db8:1::2', TCP6, "LMTP with 'OUT/WIDE'"],
  [undefined, TCP, "DENIED ACCESS from IP (gone), policy bank ''"],
  [undefined, UNIX, "AM.PDP with 'PDP'"],
]

for (const [from, listener, expected] of CASES) {
  test(`a connection from ${from} to ${listener.path ?? `${listener.address}:${listener.port}`}`, () => {
    assert.equal(summary(admit({remoteAddress: from, listener}, settings)), expected)
  })
}

test('a Unix socket without a protocol is refused', () => {
  const admission = admit({remoteAddress: undefined, listener: UNIX}, settingsFrom())
  assert.equal(summary(admission), 'no protocol is set for the socket /run/amavisd.sock')
})

test('a bank that does not exist is reported, and the connection is judged without it', () => {
  const problems: string[] = []
  const listener = {...TCP, port: 10_030}
  const admission = admit({remoteAddress: '127.0.0.1', listener}, settings, text => problems.push(text))
  assert.equal(summary(admission), "SMTP with ''")
  assert.equal(problems.length, 1)
})

test('an access list that makes no sense admits nobody', () => {
  const problems: string[] = []
  const broken = settingsFrom({'@inet_acl': ['nonsense']})
  const admission = admit({remoteAddress: '127.0.0.1', listener: TCP}, broken, text => problems.push(text))
  assert.equal(admission.kind, 'refused')
  assert.equal(problems.length, 1)
})
