import assert from 'node:assert/strict'
import {test} from 'node:test'
import {declaredNames} from '../../../src/message/mime/names.ts'
import {parameterValues, parseParameters} from '../../../src/message/mime/parameters.ts'

const bodies: [string, value: string, boundary: string[], isBroken?: boolean][] = [
  ['multipart/mixed; boundary=foo', 'multipart/mixed', ['foo']],
  ['Multipart/MIXED ; Boundary = "f o o"', 'multipart/mixed', ['f o o']],
  ['multipart/mixed;; boundary=foo;', 'multipart/mixed', ['foo']],
  ['multipart/mixed;\tboundary="f\\oo"', 'multipart/mixed', ['foo']],
  ['multipart/mixed (a; b) ; (boundary=bar) boundary=foo', 'multipart/mixed', ['foo']],
  ['multipart/mixed; boundary="open; x', 'multipart/mixed', ['open; x'], true],
  ['multipart/mixed boundary=foo', 'multipart/mixed', ['foo'], true],
  ['multipart/mixed; boundary=foo; boundary=bar', 'multipart/mixed', ['foo', 'bar']],
  ['multipart/mixed; boundary*0=fo; boundary*1=o', 'multipart/mixed', ['foo']],
  ['multipart/mixed; boundary*1=o; boundary*0="fo"', 'multipart/mixed', ['foo']],
  ['multipart/mixed; boundary=', 'multipart/mixed', ['']],
  ['multipart/mixed; boundary', 'multipart/mixed', []],
  ['text/plain', 'text/plain', []],
  ['', '', []],
  ['; boundary=foo', '', ['foo']],
]

for (const [body, value, boundaries, isBroken = false] of bodies) {
  test(`${body || 'an empty body'} is ${value || 'nothing'} with the boundaries ${JSON.stringify(boundaries)}`, () => {
    const parsed = parseParameters(body)
    assert.equal(parsed.value, value)
    assert.deepEqual(parameterValues(parsed, 'boundary'), boundaries)
    assert.equal(parsed.isBroken, isBroken)
  })
}

const names: [string, string[]][] = [
  ['filename=a.exe', ['a.exe']],
  ['filename="two words.exe"', ['two words.exe']],
  ["filename*=utf-8''a%E2%80%8B.exe", ['a\u200b.exe', "utf-8''a%E2%80%8B.exe"]],
  ["filename*=iso-8859-1'de'gr%FC%DFe", ['gr\u00fc\u00dfe', "iso-8859-1'de'gr%FC%DFe"]],
  ['filename*0="long "; filename*1=name.exe', ['long name.exe']],
  [
    "filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=.100%.exe",
    ['\u20ac.100%.exe', "utf-8''%e2%82%ac.100%25.exe"],
  ],
  ['filename="=?utf-8?B?YS5qcw==?="', ['a.js', '=?utf-8?B?YS5qcw==?=']],
  ["filename=harmless.txt; filename*=utf-8''a.pif", ['a.pif', "utf-8''a.pif", 'harmless.txt']],
  ['filename=a.txt; filename=b.exe', ['a.txt', 'b.exe']],
  ['filename=a.exe(x)', ['a.exe(x)', 'a.exe']],
  ['filename="a.exe(x)"', ['a.exe(x)']],
  ['filename="caf\u00c3\u00a9.exe"', ['caf\u00e9.exe']],
  ['filename="caf\u00e9.exe"', ['caf\u00e9.exe']],
  ['filename=""', []],
]

for (const [body, expected] of names) {
  test(`attachment; ${body} declares ${expected.join(' and ') || 'no name'}`, () => {
    assert.deepEqual(declaredNames(parseParameters(`attachment; ${body}`), 'filename'), expected)
  })
}
