import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {withReasons} from '../../src/pipeline/reasons.ts'
import {needsLanguage} from '../../src/verdict/reason.ts'
import {blocked, facts, reply} from '../verdict/make.ts'
import {recordedServices, reporting} from './make-report.ts'

const expanded = (reasonTemplate: string) => {
  const {services, logged} = recordedServices()
  const verdict = blocked('REJECT', MAJOR.Spam, {reasonTemplate, score: 12.5})
  const known = reporting({facts: facts({virusNames: ['V1', 'V2']})})
  return {response: withReasons([verdict], known, services)[0]?.response, logged}
}

test('the reason of a refusal takes the language of templates, for its recipient', () => {
  assert.deepEqual(
    expanded('id=%n - [? %#V |nothing|found [%V|+]], [:SCORE] points for %R').response,
    reply('554 5.7.0 Reject, id=24331-01 - found V1+V2, 12.5 points for user@example.com'),
  )
})

test('a reason is one line of printable ASCII, and not too long', () => {
  const {response} = expanded('caf\u00e9\\nsecond [:mime_decode|=?utf-8?Q?a=0D=0Ab?=]')
  assert.match(response?.text ?? '', /^Reject, caf\?\?second a\?\?b$/)
  assert.ok((expanded(`%n ${'x'.repeat(10_000)}%#V`).response?.text.length ?? 0) < 500)
})

test('a template that cannot be expanded leaves the plain answer', () => {
  const {response, logged} = expanded('[=f|["[@f]"]][@f]')
  assert.deepEqual(response, reply('554 5.7.0 Reject, id=24331-01 - spam'))
  assert.match(logged.join(), /does not come to an end/)
})

test('the usual templates need no language', () => {
  for (const template of ['id=%n - INFECTED: %V', 'id=%n - BANNED: %F', '', 'plain, _x_'])
    assert.equal(needsLanguage(template), false, template)
  for (const template of ['%s', '[:SCORE]', '_SCORE_', 'a\\n', '%#V'])
    assert.equal(needsLanguage(template), true, template)
})
