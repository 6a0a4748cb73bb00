import assert from 'node:assert/strict'
import test from 'node:test'
import type {SpamAssassinView} from '../../../src/checks/spam/spamassassin/by-hand.ts'
import {scannersText, sidesText} from '../../../src/tui/explain/debug-page.ts'
import {createTheme} from '../../../src/tui/theme.ts'

const theme = createTheme({})
const plain = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '').split('\n')

const VIEW: SpamAssassinView = {
  rules: '/usr/share/spamassassin',
  site: '/etc/spamassassin',
  preferences: '/var/lib/amavis/.spamassassin/user_prefs',
  bayes: '/var/lib/amavis/.spamassassin/bayes',
  files: [],
  relays: [
    {address: '192.168.1.5', trusted: true, internal: true, msa: false},
    {address: '203.0.113.7', trusted: false, internal: false, msa: false},
  ],
  networks: {trusted_networks: ['192.168/16'], internal_networks: [], msa_networks: []},
}

test('each scanner has its answer, its time and what was said, without control characters', () => {
  const text = scannersText(
    [
      {
        name: 'clamd',
        description: 'clamd at /run/clamd',
        ms: 12.4,
        lines: [
          {level: 5, text: '> zINSTREAM'},
          {level: 5, text: '< stream: OK\x1b[2J\nmore'},
        ],
        answer: {kind: 'virus', said: {kind: 'clean'}},
      },
      {
        name: 'Rspamd',
        description: 'Rspamd',
        ms: 3,
        lines: [],
        answer: {kind: 'failed', reason: 'timed out'},
      },
    ],
    theme,
  )
  assert.deepEqual(plain(text), [
    'clamd: clean, 12 ms',
    '  clamd at /run/clamd',
    '  5 > zINSTREAM',
    '  5 < stream: OK·[2J',
    '    more',
    '',
    'Rspamd: no answer: timed out, 3.0 ms',
    '  Rspamd',
  ])
  assert.equal(scannersText([], theme), 'No scanner was asked.')
})

test('what differs between the daemon and a person is marked, and both are told', () => {
  const byHand = {
    ...VIEW,
    preferences: '/root/.spamassassin/user_prefs',
    networks: {...VIEW.networks, trusted_networks: []},
  }
  const text = sidesText(
    {
      daemon: {
        ...VIEW,
        score: 2.5,
        tests: [
          {name: 'A', score: 1},
          {name: 'B', score: 1.5},
        ],
      },
      byHand: {kind: 'ran', view: byHand, score: 1, tests: [{name: 'A', score: 1}], ms: 1},
      user: 'root',
      originating: true,
      mynetworks: ['127.0.0.0/8', '192.168.0.0/16'],
      isMine: address => address.startsWith('192.168.') || address.startsWith('203.'),
    },
    theme,
  )
  assert.deepEqual(plain(text), [
    'SpamAssassin in the daemon, and by hand as root: spamassassin -D -t',
    '  rules              /usr/share/spamassassin',
    '  site               /etc/spamassassin',
    '≠ preferences        /var/lib/amavis/.spamassassin/user_prefs',
    '                     by hand: /root/.spamassassin/user_prefs',
    '  Bayes              /var/lib/amavis/.spamassassin/bayes',
    '≠ trusted_networks   192.168/16',
    '                     by hand: not set',
    '  internal_networks  not set',
    '  msa_networks       not set',
    '≠ points             2.5',
    '                     by hand: 1',
    '≠ only in the daemon B=1.5',
    '  relay 192.168.1.5  trusted, internal; in @mynetworks',
    '≠ relay 203.0.113.7  not trusted; in @mynetworks',
    '  @mynetworks        127.0.0.0/8 192.168.0.0/16',
    '  originating        yes: SpamAssassin is told that one of ours has sent it; by hand it is not',
  ])
})

test('a program that is not there is said, and nothing is compared', () => {
  const text = sidesText(
    {
      daemon: {...VIEW, score: undefined, tests: []},
      byHand: {kind: 'failed', reason: 'spawn spamassassin ENOENT'},
      user: 'amavis',
      originating: false,
      mynetworks: [],
      isMine: () => false,
    },
    theme,
  )
  assert.match(text, /by hand: spawn spamassassin ENOENT$/)
})
