import assert from 'node:assert/strict'
import test from 'node:test'
import {networksIn, ownWords} from '../../../src/checks/spam/spamassassin/own-words.ts'

test("SpamAssassin's words tell its folders, preferences, Bayes, and how it takes the mail's relays", () => {
  const lines = [
    'config: using "/etc/spamassassin" for site rules pre files',
    'config: read file /etc/spamassassin/init.pre',
    'config: using "/var/lib/spamassassin/4.000001" for sys rules pre files',
    'config: using "/var/lib/spamassassin/4.000001" for default rules dir',
    'config: read file /etc/spamassassin/local.cf',
    'config: using "/var/lib/amavis/.spamassassin/user_prefs" for user prefs file',
    'bayes: tie-ing to DB file R/O /var/lib/amavis/.spamassassin/bayes_toks',
    'received-header: relay 192.168.1.5 trusted? yes internal? yes msa? no',
    'received-header: relay 203.0.113.7 trusted? no internal? no msa? no',
  ]
  assert.deepEqual(ownWords(lines), {
    rules: '/var/lib/spamassassin/4.000001',
    site: '/etc/spamassassin',
    preferences: '/var/lib/amavis/.spamassassin/user_prefs',
    bayes: '/var/lib/amavis/.spamassassin/bayes',
    files: ['/etc/spamassassin/init.pre', '/etc/spamassassin/local.cf'],
    relays: [
      {address: '192.168.1.5', trusted: true, internal: true, msa: false},
      {address: '203.0.113.7', trusted: false, internal: false, msa: false},
    ],
  })
})

test('a Bayes database that is not there is said to be so; what is not said is undefined', () => {
  const {bayes, rules, relays} = ownWords([
    'bayes: no dbs present, cannot tie DB R/O: /root/.spamassassin/bayes_toks',
  ])
  assert.deepEqual([bayes, rules, relays], ['/root/.spamassassin/bayes, not there', undefined, []])
})

test('networks of configuration files add up until they are cleared', () => {
  const texts = [
    'trusted_networks 10/8 192.168.1.5 # ours\ninternal_networks 10/8\n# trusted_networks 1.2.3.4\n',
    'clear_internal_networks\n  trusted_networks !10.1/16\nmsa_networks 10.2.0.1\n',
  ]
  assert.deepEqual(networksIn(texts), {
    trusted_networks: ['10/8', '192.168.1.5', '!10.1/16'],
    internal_networks: [],
    msa_networks: ['10.2.0.1'],
  })
})
