import assert from 'node:assert/strict'
import {test} from 'node:test'
import {decodeOrcpt, decodeXtext, encodeOrcpt, encodeXtext} from '../../src/message/xtext.ts'

test('xtext hides what is not printable ASCII, plus and equals', () => {
  for (const [text, encoded] of [
    ['abc', 'abc'],
    ['abc+2B', 'abc+2B2B'],
    ['a=b c\r\n', 'a+3Db+20c+0D+0A'],
    ['ü', '+C3+BC'],
    ['', ''],
  ] as const) {
    assert.equal(encodeXtext(text), encoded)
    assert.equal(decodeXtext(encoded), text)
  }
  assert.equal(decodeXtext('+fc'), '\xfc')
  for (const bad of ['a b', 'a=b', '+2', '+zz', 'ü']) assert.equal(decodeXtext(bad), undefined)
})

test('an original recipient is xtext, or UTF-8 with its own escapes', () => {
  for (const [orcpt, encoded] of [
    ['rfc822;u+A@x', 'rfc822;u+2BA@x'],
    ['rfc822;"two words"@x', 'rfc822;"two+20words"@x'],
    ['utf-8;ü\\x@x', 'utf-8;\\x{FC}\\x{5C}x@x'],
  ] as const) {
    assert.equal(encodeOrcpt(orcpt), encoded)
    assert.equal(decodeOrcpt(encoded), orcpt)
  }
  assert.equal(decodeOrcpt('utf-8;ü@x'), 'utf-8;ü@x')
  for (const bad of ['nonsense', ';x', 'rfc822;+z']) assert.equal(decodeOrcpt(bad), undefined)
})
