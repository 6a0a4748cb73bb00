import assert from 'node:assert/strict'
import test from 'node:test'
import {lineArguments, releaseCall} from '../../../../src/session/ampdp/client/release-call.ts'

const ID = 'NgEwjSMKJSYr'
const cases: readonly (readonly [line: string, attributes: string])[] = [
  [`spam-${ID}.gz`, `mail_id=${ID} quar_type=Z mail_file=spam-${ID}.gz`],
  [ID, `mail_id=${ID} mail_file=${ID}`],
  [`${ID}[12]`, `mail_id=${ID} mail_file=${ID} partition_tag=12`],
  [`N/${ID}.gz`, `mail_id=${ID} quar_type=Z mail_file=N/${ID}.gz`],
  [`N/virus-${ID}`, `mail_id=${ID} quar_type=F mail_file=N/virus-${ID}`],
  ['badh-Ng-w_SMKJS-r', 'mail_id=Ng-w_SMKJS-r quar_type=F mail_file=badh-Ng-w_SMKJS-r'],
  ['foo/bar', 'mail_id=bar quar_type=F mail_file=foo/bar'],
  [
    `v-${ID} 4ldXtDPbWqoZ a@b <c@d>`,
    `mail_id=${ID} secret_id=4ldXtDPbWqoZ quar_type=F mail_file=v-${ID} recipient=<a@b> recipient=<c@d>`,
  ],
  [`v-${ID} a@b`, `mail_id=${ID} quar_type=F mail_file=v-${ID} recipient=<a@b>`],
]

for (const [line, attributes] of cases) {
  test(`"${line}" asks for ${attributes}`, () => {
    const call = releaseCall('release', line.split(' '))
    assert.ok(call.kind === 'request')
    assert.equal(call.request.map(pair => pair.join('=')).join(' '), `request=release ${attributes}`)
  })
}

for (const hostile of ['', '/etc/passwd', 'a b', 'a\nb', '../x;', 'x/']) {
  test(`${JSON.stringify(hostile)} is no mail in quarantine`, () => {
    assert.equal(releaseCall('release', [hostile]).kind, 'wrong')
  })
}

test('who asks is named where he is known', () => {
  const call = releaseCall('requeue', [ID], 'admin@example.com')
  assert.ok(call.kind === 'request')
  assert.deepEqual(call.request.at(-1), ['requested_by', '<admin@example.com>'])
})

test('a line of standard input has the same arguments; a comment ends it', () => {
  assert.deepEqual(lineArguments(`  ${ID}  secret a@b # for him`), [ID, 'secret', 'a@b'])
  assert.equal(lineArguments('   # nothing'), undefined)
  assert.equal(lineArguments(''), undefined)
})
