import assert from 'node:assert/strict'
import test from 'node:test'
import {readOutput} from '../../../src/checks/spam/programs/output.ts'

const CRM = `X-CRM114-Version: 20100106-BlameMichelson ( TRE 0.8.0 (BSD) ) MR-27CA1CFB
X-CRM114-CacheID: sfid-20261123_025607_040253_ACA3FEDE
X-CRM114-Status: SPAM ( -20.25 )
X-CRM114-Notice: Please train this message.
`

const OUTPUTS: readonly (readonly [string, string, number | undefined, string, string])[] = [
  [
    'DSPAM in one field',
    'X-DSPAM-Result: u; result="Spam"; class="Spam"; signature=4a1b',
    10,
    '.Spam',
    'spam',
  ],
  [
    'DSPAM in fields',
    'X-DSPAM-Result: Innocent\nX-DSPAM-Signature: 12,4a\nFrom: x\n\nbody',
    -1,
    '.Innocent',
    'ham',
  ],
  ['DSPAM, whitelisted', 'X-DSPAM-Result: u; result="Whitelisted"; signature=N/A', -1, '.Whitelisted', 'ham'],
  ['DSPAM, blacklisted', 'X-DSPAM-Result: u; result="Blacklisted"', 10, '.Blacklisted', 'spam'],
  ['CRM114 with --stats_only', '  28.75 ', 28.75, '.GOOD(28.75)', 'ham'],
  ['CRM114 that is not sure', '5.25\n', 5.25, '.UNSURE(5.25)', 'unsure'],
  ['CRM114 that is sure', '-12.25', -12.25, '.SPAM(-12.25)', 'spam'],
  ['CRM114 with its fields', CRM, -20.25, '.SPAM(-20.25)', 'spam'],
  ['CRM114 with pR', 'X-CRM114-Status: Good (pR:  7.5 )', 7.5, '.GOOD(7.5)', 'ham'],
  ['Bogofilter: spam', 'X-Bogosity: Spam, tests=bogofilter, spamicity=1.000000', 5, '', 'spam'],
  ['Bogofilter: ham', 'X-Bogosity: Ham, tests=bogofilter, spamicity=0.000000', -5, '', 'ham'],
  ['Bogofilter, old words', 'X-Bogosity: Yes, tests=bogofilter', 5, '', 'spam'],
  ['Bogofilter: unsure', 'X-Bogosity: Unsure, tests=bogofilter, spamicity=0.5', 0, '', 'unsure'],
  ['SpamProbe: spam', 'SPAM 0.9999990 5895fbad63311709c604812f17ae1c54\n', 5, '.SPAM', 'spam'],
  ['SpamProbe: good', 'GOOD 0.0000010', -5, '.GOOD', 'ham'],
  ['SpamBayes', 'X-Spambayes-Classification: spam; 0.99', 0, '', 'unsure'],
  ['nothing', '', undefined, '', ''],
  ['an error', 'crm: command not found\n', undefined, '', ''],
  ['an answer in a body', 'Subject: x\n\nX-Bogosity: Ham\n', undefined, '', ''],
  ['words after a number', '28.75 and more', undefined, '', ''],
]
for (const [what, output, points, suffix, opinion] of OUTPUTS) {
  test(`${what}: ${points === undefined ? 'not understood' : `${points} points`}`, () => {
    const read = readOutput(output)
    assert.equal(read?.points, points)
    if (points !== undefined) assert.deepEqual([read?.suffix, read?.opinion], [suffix, opinion])
  })
}

test('fields are handed on: those of a summary one by one, without signatures that are none', () => {
  assert.deepEqual(
    readOutput('X-DSPAM-Result: u; result="Spam"; class="Spam"; confidence=0.80; signature=4a1b2c')?.fields,
    [
      ['X-DSPAM-Result', 'Spam'],
      ['X-DSPAM-Class', 'Spam'],
      ['X-DSPAM-Confidence', '0.80'],
      ['X-DSPAM-Signature', '4a1b2c'],
    ],
  )
  assert.deepEqual(readOutput('X-DSPAM-Result: u; result="Innocent"; signature=N/A')?.fields, [
    ['X-DSPAM-Result', 'Innocent'],
  ])
  assert.deepEqual(
    readOutput(CRM)?.fields.map(([name]) => name),
    ['X-CRM114-Version', 'X-CRM114-Notice', 'X-CRM114-Status', 'X-CRM114-CacheID'],
  )
  assert.deepEqual(readOutput('28.75')?.fields, [['X-CRM114-Status', 'GOOD ( 28.75 )']])
  assert.deepEqual(readOutput('X-CRM114-CacheID: sfid- \nX-CRM114-Status: UNSURE (   0.00  )')?.fields, [
    ['X-CRM114-Status', 'UNSURE ( 0.00 )'],
  ])
})
