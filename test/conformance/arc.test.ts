/**
 * ARC: the chains of the validation suite that was made beside RFC 8617, with its keys, and the mails of the corpus
 * that have a chain.
 */
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {verifyChained} from '../../src/checks/dkim/verify.ts'
import {parseHeader} from '../../src/message/header.ts'
import {sharedPath} from './shared.ts'

/** as `$dkim_minimum_key_bits` has it */
const MINIMUM_BITS = 1024

interface Suite {
  readonly description: string
  readonly tests: Readonly<Record<string, {readonly message: string; readonly cv: string}>>
  readonly 'txt-records': Readonly<Record<string, string>>
}

const read = (name: string) => readFileSync(sharedPath('corpus', 'mail', 'mailauth', name), 'latin1')

function resolver(records: Readonly<Record<string, string>>) {
  return async (name: string) => {
    const text = records[name.toLowerCase()]
    if (text === undefined) throw Object.assign(new Error(name), {code: 'ENOTFOUND'})
    return [[text]]
  }
}

async function chainOf(message: string, records: Readonly<Record<string, string>>) {
  const content = Buffer.from(message.replace(/\r?\n/g, '\r\n'), 'latin1')
  return (await verifyChained(content, parseHeader(content), resolver(records), MINIMUM_BITS)).arc
}

/** Passing by the drafts, not by RFC 6376 §3.5: no `c=` is simple/simple, and `h=` is not empty. */
const OF_DRAFTS: ReadonlySet<string> = new Set(['ams_fields_c_na', 'ams_fields_h_empty'])

test('each chain of the validation suite passes or fails as it says', async () => {
  const suites: readonly Suite[] = JSON.parse(read('_keys/arc-draft-validation-tests.json'))
  const wrong: string[] = []
  let compared = 0
  for (const {description, tests, 'txt-records': records} of suites) {
    for (const [name, {message, cv}] of Object.entries(tests)) {
      if (cv === '' || OF_DRAFTS.has(name)) continue
      compared++
      const arc = await chainOf(message, records)
      const result = arc?.result ?? 'none'
      if (result !== cv.toLowerCase())
        wrong.push(`${description}, ${name}: ${result} (${arc?.detail}), not ${cv}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(compared >= 150, `${compared} compared`)
})

const CHAINS: readonly (readonly [file: string, instance: number])[] = [
  ['test_fixtures_arc-pass.eml', 2],
  ['test_fixtures_arc-pass2.eml', 2],
  ['test_fixtures_message3.eml', 1],
  ['test_fixtures_zbimi.eml', 1],
]
test('chains of real mails are read, and fail where the keys are no more', async () => {
  for (const [file, instance] of CHAINS) {
    assert.deepEqual(await chainOf(read(file), {}), {
      result: 'fail',
      instance,
      domain: 'google.com',
      detail: 'no key for arc-20160816._domainkey.google.com',
    })
  }
})
