import assert from 'node:assert/strict'
import test from 'node:test'
import type {Finding} from '../../src/checks/finding.ts'
import {virusStatusOf} from '../../src/verdict/facts.ts'
import {settingsFrom} from '../lookup/settings.ts'

const settings = settingsFrom(
  "@virus_name_to_spam_score_maps = (new_RE([qr'^Phishing\\.' => 3], [qr'^Junk\\.' => 0.1]));\n1;",
)
const named = (...names: string[]): Finding => ({kind: 'virus', scanner: 'clamd', names})

const rows: readonly (readonly [findings: readonly Finding[], status: string | undefined])[] = [
  [[], undefined],
  [[{kind: 'scanner-failed', scanner: 'clamd', reason: 'down'}], undefined],
  [[named('Phishing.Bank')], 'AV:Phishing.Bank=3'],
  [[named('Phishing.Bank', 'Junk.A'), named('Junk.A')], 'AV:Phishing.Bank=3,AV:Junk.A=0.1'],
  [[named('Eicar'), named('Phishing.Bank')], 'AV:Eicar,AV:Phishing.Bank=3'],
]
for (const [findings, status] of rows) {
  test(`spam scanners are told of ${JSON.stringify(findings)} by "${status}"`, () => {
    assert.equal(virusStatusOf(findings, settings), status)
  })
}
