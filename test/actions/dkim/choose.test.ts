import assert from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {test} from 'node:test'
import {candidatesOf, candidatesText, chooseKeys} from '../../../src/actions/dkim/choose.ts'
import {signingKeys} from '../../../src/actions/dkim/keys.ts'
import {parseHeader} from '../../../src/message/header.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const rsa = generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey.export({
  format: 'pem',
  type: 'pkcs8',
})
const edwards = generateKeyPairSync('ed25519').privateKey.export({format: 'pem', type: 'pkcs8'})
const KEYS = `
dkim_key('example.com', 'r1', "${rsa}");
dkim_key('example.com', 'r2', "${rsa}");
dkim_key('.sub.example.com', 'w', "${rsa}");
dkim_key('both.test', 'r', "${rsa}");
dkim_key('both.test', 'e', "${edwards}");
dkim_key('mail*.star.test', 'star', "${rsa}");
dkim_key(qr/^re\\d+\\.test$/i, 're', "${rsa}");
@dkim_signature_options_bysender_maps = ({
  'boss@example.com' => {s => 'r2', i => 'boss@example.com'},
  'far.example.com' => {d => 'example.com'},
  '.both.test' => {a => 'ed25519-sha256'},
  '.' => {c => 'simple/relaxed', ttl => 21*24*3600},
});`

const CASES: readonly (readonly [title: string, header: string, sender: string, chosen: string])[] = [
  [
    'the author first',
    'From: a@example.com\nSender: x@both.test\n',
    'y@both.test',
    'From author d=example.com r1',
  ],
  [
    'the sender of the envelope last',
    'From: a@other.test\n',
    'b@example.com',
    'MailFrom other d=example.com r1',
  ],
  [
    'the sender of a list',
    'From: a@other.test\nSender: list@example.com\n',
    'x@y.test',
    'Sender other d=example.com r1',
  ],
  [
    'who sent it again',
    'From: a@other.test\nResent-From: b@example.com\n',
    '',
    'Resent other d=example.com r1',
  ],
  [
    'selector and identity by sender',
    'From: boss@Example.COM\n',
    '',
    'From author d=example.com r2 i=boss@example.com',
  ],
  [
    'the domain by sender, with the own one as identity',
    'From: a@far.example.com\n',
    '',
    'From author d=example.com r1 i=@far.example.com',
  ],
  ['a domain below one with a dot', 'From: a@x.sub.example.com\n', '', 'From author d=x.sub.example.com w'],
  ['a name with a star', 'From: a@mail7.star.test\n', '', 'From author d=mail7.star.test star'],
  ['a regular expression', 'From: a@RE12.test\n', '', 'From author d=re12.test re'],
  ['nobody', 'From: a@other.test\n', 'b@example.org', 'none'],
]

const settings = settingsFrom(KEYS)

for (const [title, header, sender, expected] of CASES) {
  test(`a mail is signed for ${title}`, () => {
    const candidates = candidatesOf(parseHeader(Buffer.from(`${header}\n`.replaceAll('\n', '\r\n'))), sender)
    const choice = chooseKeys(candidates, signingKeys(settings), settings)
    const text = choice
      ? [
          choice.candidate.role,
          choice.isAuthor ? 'author' : 'other',
          `d=${choice.domain}`,
          ...choice.keys.map(({selector}) => selector),
          ...(choice.identity === undefined ? [] : [`i=${choice.identity}`]),
        ].join(' ')
      : 'none'
    assert.equal(text, expected)
    if (choice) {
      assert.equal(`${choice.headerForm}/${choice.bodyForm}`, 'simple/relaxed')
      assert.equal(choice.ttl, 21 * 24 * 3600)
    }
  })
}

test('a domain with keys of both kinds gives a signature of each, unless the options name one', () => {
  const plain = settingsFrom(KEYS.replace(/@dkim_signature_options[\s\S]*/, ''))
  const candidates = [{role: 'From', address: 'a@both.test'}]
  const algorithms = (from: typeof plain) =>
    chooseKeys(candidates, signingKeys(from), from)?.keys.map(({algorithm}) => algorithm)
  assert.deepEqual(algorithms(plain), ['rsa-sha256', 'ed25519-sha256'])
  assert.deepEqual(algorithms(settings), ['ed25519-sha256'])
})

test('candidates are told in the order in which they are asked about', () => {
  const header = parseHeader(Buffer.from('Sender: s@x.test\r\nFrom: a@x.test, b@x.test\r\n\r\n'))
  assert.equal(
    candidatesText(candidatesOf(header, 'e@x.test')),
    'From:<a@x.test>, From:<b@x.test>, Sender:<s@x.test>, MailFrom:<e@x.test>',
  )
})

test('what is no private key is named with its selector', () => {
  const broken = settingsFrom(`dkim_key('example.com', 's9', "-----BEGIN PRIVATE KEY-----\\nrubbish\\n");`)
  assert.throws(() => signingKeys(broken), /dkim_key s9\._domainkey\.example\.com: no private key/)
})
