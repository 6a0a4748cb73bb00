import assert from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {test} from 'node:test'
import {recordName, recordText, selectKeys} from '../../../src/actions/dkim/key-record.ts'
import {signingKeys} from '../../../src/actions/dkim/keys.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
const edwards = generateKeyPairSync('ed25519')
const rsaText = rsa.privateKey.export({format: 'pem', type: 'pkcs1'})
const edwardsText = edwards.privateKey.export({format: 'pem', type: 'pkcs8'})
const KEYS = signingKeys(
  settingsFrom(`
dkim_key('Example.com', 's1', "${rsaText}");
dkim_key('example.com', 'e1', "${edwardsText}", k => 'rsa', t => 's', n => 'a "note"; 1 = one');
dkim_key('.wild.test', 'w', "${rsaText}", h => 'sha256', s => 'email');`),
)

const SELECTIONS: readonly (readonly [domains: string, records: string])[] = [
  ['', '1 s1._domainkey.example.com., 2 e1._domainkey.example.com., 3 w._domainkey'],
  ['EXAMPLE.com', '1 s1._domainkey.example.com., 2 e1._domainkey.example.com.'],
  ['a.wild.test b.wild.test', '3 w._domainkey.a.wild.test., 3 w._domainkey.b.wild.test.'],
  ['sub.example.com example.net', 'no key: sub.example.com example.net'],
]

for (const [domains, records] of SELECTIONS) {
  test(`records ${domains === '' ? 'of all domains' : `for ${domains}`}: ${records}`, () => {
    const {selected, unknown} = selectKeys(KEYS, domains === '' ? [] : domains.split(' '))
    const found = selected.map(one => `${one.number} ${recordName(one)}`)
    if (unknown.length > 0) found.push(`no key: ${unknown.join(' ')}`)
    assert.equal(found.join(', '), records)
  })
}

test('a record of an rsa key is a remark and lines of 64 characters, as a zone file has them', () => {
  const [one] = selectKeys(KEYS, []).selected
  const lines = recordText(one!).split('\n')
  assert.equal(lines[0], '; key#1 2048 bits, s=s1, d=example.com')
  assert.equal(lines[1], 's1._domainkey.example.com.\t3600 TXT (')
  assert.equal(lines[2], '  "v=DKIM1; p="')
  assert.match(lines[3]!, /^ {2}"[\w+/]{64}"$/)
  assert.match(lines.at(-3)!, /^ {2}"[\w+/=]{1,64}"\)$/)
  assert.deepEqual(lines.slice(-2), ['', ''])
  const key = lines.slice(3).join('').replace(/[" )]/g, '')
  assert.equal(key, rsa.publicKey.export({format: 'der', type: 'spki'}).toString('base64'))
})

test('an ed25519 key is told as what it is, by its 32 octets; notes are safe in a record', () => {
  const text = recordText(selectKeys(KEYS, []).selected[1]!)
  assert.match(text, /^; key#2 256 bits, s=e1, /)
  assert.ok(text.includes('"v=DKIM1; k=ed25519; t=s; n=a \\"note\\"=3B 1 =3D one; p="'), text)
  const {x} = edwards.publicKey.export({format: 'jwk'})
  assert.ok(text.includes(`"${Buffer.from(x!, 'base64url').toString('base64')}")`), text)
})

test('the options of a key are tags of its record', () => {
  const text = recordText(selectKeys(KEYS, []).selected[2]!)
  assert.match(text, /d=\.wild\.test\nw\._domainkey\t3600 TXT \(\n {2}"v=DKIM1; h=sha256; s=email; p="\n/)
})
