import assert from 'node:assert/strict'
import test from 'node:test'
import {readdress, withExtension} from '../../../src/actions/edits/readdress.ts'
import type {Category} from '../../../src/config/category.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {settingsFrom} from '../../session/smtp/harness.ts'
import {category, recipient} from '../../verdict/make.ts'

const CASES: readonly [address: string, delimiters: string, replaces: boolean, expected: string][] = [
  ['user@a.test', '+', true, 'user+spam@a.test'],
  ['user+old@a.test', '+', true, 'user+spam@a.test'],
  ['user+old@a.test', '+', false, 'user+old+spam@a.test'],
  ['user-old@a.test', '+-', true, 'user+spam@a.test'],
  ['postmaster@a.test', '+', true, 'postmaster+spam@a.test'],
  ['"a b"@a.test', '+', true, '"a b+spam"@a.test'],
  ['"a@b"@a.test', '+', true, '"a@b+spam"@a.test'],
  ['user', '+', true, 'user+spam'],
]
for (const [address, delimiters, replaces, expected] of CASES) {
  test(`${address} with ${delimiters}${replaces ? '' : ', kept,'} becomes ${expected}`, () => {
    assert.equal(withExtension(address, 'spam', delimiters, replaces), expected)
  })
}

const SPAM = category(6)
const CLEAN = category(1)
const settings = (more: Parameters<typeof settingsFrom>[0] = {}) =>
  settingsFrom({
    $recipient_delimiter: '+',
    $replace_existing_extension: 1,
    $localpart_is_case_sensitive: undefined,
    '%addr_extension_maps_by_ccat': new Map([['6', listOf('spam')]]),
    '%addr_rewrite_maps_by_ccat': new Map(),
    ...more,
  })
const listOf = (text: string): Scalar => ({kind: 'ref', to: {kind: 'array', items: [text]}})
const given = (categories: readonly Category[], local = true, orcpt?: string) => ({
  recipient: recipient('user@a.test', {orcpt}),
  local,
  categories,
})

test('spam that passes goes to the extended address, and ORCPT tells the first', () => {
  assert.deepEqual(readdress(given([SPAM, CLEAN]), settings()), {
    address: 'user+spam@a.test',
    orcpt: 'rfc822;user@a.test',
    notify: undefined,
  })
})

test("a client's ORCPT stays", () => {
  assert.equal(
    readdress(given([SPAM, CLEAN], true, 'rfc822;me@x.test'), settings()).orcpt,
    'rfc822;me@x.test',
  )
})

for (const [title, input, used] of [
  ['of another category', given([CLEAN]), settings()],
  ['for somebody elsewhere', given([SPAM, CLEAN], false), settings()],
  ['without $recipient_delimiter', given([SPAM, CLEAN]), settings({$recipient_delimiter: undefined})],
] as const) {
  test(`mail ${title} keeps its recipient`, () => {
    assert.equal(readdress(input, used), input.recipient)
  })
}

test('a rewritten address is the first of its list, and gets the extension', () => {
  const rewriting = settings({
    '%addr_rewrite_maps_by_ccat': new Map([['6', listOf('spam-box@b.test, other@b.test')]]),
  })
  assert.equal(readdress(given([SPAM, CLEAN]), rewriting).address, 'spam-box+spam@b.test')
})
