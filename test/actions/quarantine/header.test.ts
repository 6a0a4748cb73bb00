import assert from 'node:assert/strict'
import test from 'node:test'
import {quarantineHead} from '../../../src/actions/quarantine/header.ts'
import {MAJOR} from '../../../src/config/category.ts'
import {blocked, CLEAN, category, facts, recipient, verdict} from '../../verdict/make.ts'

const levels = {tag: -999, tag2: 4, tag3: undefined, kill: 6.9}

test('the fields above a quarantined virus, in order', () => {
  const text = quarantineHead({
    sender: 'sender@remote.test',
    mailId: '4pcTnxPLunf4',
    verdicts: [blocked('DISCARD', MAJOR.Virus, {levels})],
    facts: facts({virusNames: ['Eicar-Test-Signature.UNOFFICIAL']}),
    hasEnvelope: false,
    authserv: 'filter.example.com',
    levelCharacter: '*',
    received: 'Received: here\r\n',
  })
  assert.equal(
    text,
    [
      'X-Envelope-From: <sender@remote.test>',
      'X-Envelope-To: <user@example.com>',
      'X-Envelope-To-Blocked: <user@example.com>',
      'X-Quarantine-ID: <4pcTnxPLunf4>',
      'X-Amavis-Alert: INFECTED, message contains virus:',
      ' Eicar-Test-Signature.UNOFFICIAL',
      'X-Spam-Flag: NO',
      'X-Spam-Score: 0',
      'X-Spam-Level:',
      'X-Spam-Status: No, score=x tag=-999 tag2=4 kill=6.9 tests=[]',
      ' autolearn=unavailable',
      'Received: here',
      '',
    ].join('\r\n'),
  )
})

test('several recipients: addresses in a list, scores as a range, the lowest levels', () => {
  const spam = [category(MAJOR.Spam), category(MAJOR.Spammy), CLEAN]
  const text = quarantineHead({
    sender: '',
    mailId: 'm',
    verdicts: [
      verdict({
        categories: spam,
        score: 7,
        tests: [{name: 'GTUBE', score: 1000}],
        levels,
        reached: {tag: true, tag2: true, tag3: false, kill: true},
      }),
      verdict({recipient: recipient('lover@example.com'), score: 9, levels: {...levels, tag2: 2}}),
    ],
    facts: facts(),
    hasEnvelope: false,
    authserv: 'filter.example.com',
    levelCharacter: '*',
    received: '',
  })
  assert.match(text, /^X-Envelope-From: <>\r\n/)
  assert.match(text, /X-Envelope-To: <user@example.com>, <lover@example.com>\r\nX-Envelope-To-Blocked:\r\n/)
  assert.match(text, /X-Spam-Flag: YES\r\nX-Spam-Score: 9\r\nX-Spam-Level: \*{9}\r\n/)
  assert.match(text, /X-Spam-Status: Yes, score=7\.\.9 tag=-999 tag2=2 kill=6\.9 tests=\[GTUBE=1000\]/)
})

test('a place that keeps the envelope needs no recipients; what scanners found stands below our own fields', () => {
  const text = quarantineHead({
    sender: 's@remote.test',
    mailId: 'm',
    verdicts: [verdict({levels})],
    facts: facts({
      osFingerprint: 'Linux',
      scannerFields: [
        ['X-Spam-Flag', 'YES'],
        ['X-Bogosity', 'Spam'],
      ],
    }),
    hasEnvelope: true,
    authserv: 'filter.example.com',
    levelCharacter: '*',
    received: 'Received: here\r\n',
  })
  assert.deepEqual(text.match(/^[\w-]+:(?! \*)/gm), [
    'X-Envelope-From:',
    'X-Quarantine-ID:',
    'X-Amavis-OS-Fingerprint:',
    'X-Spam-Flag:',
    'X-Spam-Score:',
    'X-Spam-Level:',
    'X-Spam-Status:',
    'X-Bogosity:',
    'Received:',
  ])
})
