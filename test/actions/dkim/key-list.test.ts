import assert from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {test} from 'node:test'
import {chooseKeys} from '../../../src/actions/dkim/choose.ts'
import {keyListStatements, parseKeyList} from '../../../src/actions/dkim/key-list.ts'
import {signingKeys} from '../../../src/actions/dkim/keys.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const LIST = `# pattern:domain:key
boss@example.com:example.com:/keys/s2
*@example.com:example.com:/keys/s1

*@*.example.com:Example.com:/keys/s1  # hosts
o'brien+x@own.test::/keys/o1
*@*.many.test:*:/keys/m1
`

const SENDERS: readonly (readonly [sender: string, signed: string | undefined])[] = [
  ['boss@example.com', 's2 example.com'],
  ['BOSS@EXAMPLE.COM', 's2 example.com'],
  ['somebody@example.com', 's1 example.com'],
  ['root@host.example.com', 's1 example.com'],
  ["o'brien+x@own.test", 'o1 own.test'],
  ['a@sub.many.test', 'm1 sub.many.test'],
  ['a@elsewhere.test', undefined],
  ['a@own.test.elsewhere.test', undefined],
]

test('a key list signs as it did, once it is said in our language', async t => {
  const pem = generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey.export({
    format: 'pem',
    type: 'pkcs1',
  })
  const {text, problems} = keyListStatements(parseKeyList(LIST), file => file)
  assert.deepEqual(problems, [])
  const settings = settingsFrom(text.replace(/'\/keys\/\w+'/g, `"${pem}"`))
  for (const [address, signed] of SENDERS) {
    await t.test(`${address}: ${signed ?? 'not signed'}`, () => {
      const choice = chooseKeys([{role: 'From', address}], signingKeys(settings), settings)
      assert.equal(choice && `${choice.keys[0]!.selector} ${choice.domain}`, signed)
    })
  }
})

test('a key is declared once, from the file that is there', () => {
  const {text} = keyListStatements(parseKeyList(LIST), file => `${file}.pem`)
  assert.deepEqual(text.match(/^dkim_key.*$/gm), [
    "dkim_key('example.com', 's2', '/keys/s2.pem');",
    "dkim_key('example.com', 's1', '/keys/s1.pem');",
    "dkim_key('own.test', 'o1', '/keys/o1.pem');",
    "dkim_key('*.many.test', 'm1', '/keys/m1.pem');",
  ])
})

test('lines that cannot be taken are told by number; an empty list has no statements', () => {
  const list = parseKeyList('*:example.com\n*@a.test:a.test:/one/s\n*@b.test:a.test:/two/s\n')
  assert.deepEqual(keyListStatements(list, file => file).problems, [
    '1: expected sender-pattern:signing-domain:key-file, found "*:example.com"',
    '3: the selector "s" of "a.test" has the key /two/s here, and /one/s in line 2',
  ])
  assert.equal(keyListStatements(parseKeyList('# none\n'), file => file).text, '')
})
