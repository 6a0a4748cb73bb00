import assert from 'node:assert/strict'
import {createPublicKey, generateKeyPairSync} from 'node:crypto'
import {test} from 'node:test'
import {recordText} from '../../src/actions/dkim/key-record.ts'
import {signingKeys} from '../../src/actions/dkim/keys.ts'
import {tryKey} from '../../src/pipeline/key-trial.ts'
import {settingsFrom} from '../lookup/settings.ts'

const rsa = () =>
  generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey.export({format: 'pem', type: 'pkcs1'})
const edwards = generateKeyPairSync('ed25519').privateKey.export({format: 'pem', type: 'pkcs8'})
const [first, second] = signingKeys(
  settingsFrom(`dkim_key('example.com', 's1', "${rsa()}"); dkim_key('example.com', 'e1', "${edwards}");`),
)
const published = (key = first!) => {
  const strings = recordText({number: 1, key, domain: 'example.com'}).match(/(?<=^ {2}")[^"]*/gm) ?? []
  return strings.join('')
}
const otherKey = createPublicKey(rsa()).export({format: 'der', type: 'spki'}).toString('base64')

const TRIALS: readonly (readonly [what: string, record: string | Error, text: string])[] = [
  ['the record that we show', published(), 'pass'],
  ['no record', Object.assign(new Error('no'), {code: 'ENOTFOUND'}), 'invalid (public key: not available)'],
  ['a record of another key', `v=DKIM1; p=${otherKey}`, 'fail (public key: of another private key)'],
  [
    'a DNS that does not answer',
    Object.assign(new Error('slow'), {code: 'ETIMEOUT'}),
    'temperror (DNS failure: ETIMEOUT)',
  ],
]

for (const [what, record, text] of TRIALS) {
  test(`a key with ${what}: ${text}`, async () => {
    const asked: string[] = []
    const trial = await tryKey(first!, 'example.com', async name => {
      asked.push(name)
      if (typeof record !== 'string') throw record
      return [[record]]
    })
    assert.deepEqual(trial, {isValid: text === 'pass', text})
    assert.deepEqual(asked, ['s1._domainkey.example.com'])
  })
}

test('an ed25519 key passes by the record that we show', async () => {
  const {text} = await tryKey(second!, 'example.com', async () => [[published(second)]])
  assert.equal(text, 'pass')
})

test('a record that cannot be read is no key', async () => {
  const {isValid, text} = await tryKey(first!, 'example.com', async () => [['v=DKIM1; p=!!']])
  assert.equal(isValid, false)
  assert.match(text, /^invalid \(|^fail \(/)
})
