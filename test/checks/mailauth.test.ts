/** What mailauth gets in the place of packages says what they say; it is whole otherwise. */
import assert from 'node:assert/strict'
import {createRequire} from 'node:module'
import {test} from 'node:test'
import {type Schema, type StringSchema, string} from '../../src/checks/mailauth/replaced/joi.ts'

interface Joi {
  string(): {
    base64(options: {paddingRequired: boolean}): Schema
    domain(options: {allowUnicode: boolean; tlds: boolean}): Schema
  }
}

const require = createRequire(import.meta.url)
const joi = createRequire(require.resolve('mailauth'))('joi') as Joi

const PACKAGE: StringSchema = {
  base64: () => joi.string().base64({paddingRequired: false}),
  domain: () => joi.string().domain({allowUnicode: false, tlds: false}),
}

const QUESTIONS: Readonly<Record<keyof StringSchema, readonly (readonly [string, boolean])[]>> = {
  base64: [
    ['MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ', true],
    ['QUJD', true],
    ['QUI=', true],
    ['QUI', true],
    ['QQ==', true],
    ['QQ', true],
    ['Q', false],
    ['QQ=', false],
    ['QUJD=', false],
    ['QU JD', false],
    ['QU-_', false],
    ['QUJD\n', false],
    ['', false],
  ],
  domain: [
    ['example.com', true],
    ['EXAMPLE.com', true],
    ['xn--bcher-kva.example', true],
    ['example.com.', false],
    ['example', false],
    ['_spf.example.com', false],
    ['a..b.com', false],
    ['1.2.3.4', false],
    ['1.2', false],
    ['0x7f.1', false],
    ['example.c-', false],
    ['-a.example', false],
    ['bücher.example', false],
    ['a b.example', false],
    ['%41.example', false],
    ['[::1].example', false],
    [`${'a'.repeat(63)}.example`, true],
    [`${'a'.repeat(64)}.example`, false],
    [`${'a.'.repeat(126)}exam`, true],
    [`${'a.'.repeat(127)}exam`, false],
    ['xn--a.example', true],
    ['', false],
  ],
}

const accepts = (schema: Schema, text: string) => schema.validate(text).error === undefined

for (const [name, questions] of Object.entries(QUESTIONS)) {
  const kind = name as keyof StringSchema
  test(`whether a text is ${kind === 'base64' ? 'base64' : 'a domain'}: as joi has it`, () => {
    const [ours, theirs] = [string()[kind](), PACKAGE[kind]()]
    for (const [text, expected] of questions)
      assert.deepEqual([accepts(ours, text), accepts(theirs, text)], [expected, expected], text)
  })
}

test('of a hundred thousand texts of the same letters joi and we think the same', () => {
  const letters = 'aZ09.-_%=+/:[]\u00fc \n'
  let seed = 1
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const domain = [string().domain(), PACKAGE.domain()] as const
  const base64 = [string().base64(), PACKAGE.base64()] as const
  for (let n = 0; n < 100_000; n++) {
    const size = 1 + next(12)
    const kinds = n % 2 === 0 ? letters.length : 6
    const text = Array.from({length: size}, () => letters[next(kinds)]).join('')
    for (const [ours, theirs] of [domain, base64])
      if (accepts(ours, text) !== accepts(theirs, text))
        assert.fail(`joi disagrees on ${JSON.stringify(text)}`)
  }
})
