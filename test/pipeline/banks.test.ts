import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import type {Settings} from '../../src/config/settings.ts'
import {settingsOf} from '../../src/config/view.ts'
import {settingsForAuthors, settingsForMail, settingsForViruses} from '../../src/pipeline/banks.ts'
import {temporaryFolder} from '../support/wait.ts'

const LINES = `
$myhostname = 'mx.example.com';
@local_domains_maps = ( ['.example.com'] );
@mynetworks = qw( 192.0.2.0/24 );
$policy_bank{'MYNETS'} = { };
$policy_bank{'MYUSERS'} = { };
`

const cases: readonly [string, string | undefined, string, string][] = [
  ['a client of our networks', '192.0.2.7', 'a@elsewhere.test', 'MYNETS'],
  ['a client of our networks that sends as one of us', '192.0.2.7', 'a@example.com', 'MYNETS/MYUSERS'],
  ['a client from elsewhere that claims to be one of us', '198.51.100.1', 'a@example.com', ''],
  ['the null sender from our networks', '192.0.2.7', '', 'MYNETS'],
  ['a client without an address', undefined, 'a@example.com', ''],
]

for (const [who, address, sender, banks] of cases) {
  test(`${who} gets the banks "${banks}"`, t => {
    const file = path.join(temporaryFolder(t), 'amavisd.conf')
    writeFileSync(file, LINES)
    const loaded = loadConfiguration({files: [file]})
    assert.ok(loaded.kind === 'ok')
    const settings = settingsForMail(settingsOf(loaded.snapshot), address, sender, (line, level) =>
      assert.equal(level, 3, line),
    )
    assert.equal(settings.bankPath, banks)
    assert.equal(settings.flag('$originating'), banks !== '')
  })
}

function settingsFrom(t: TestContext, text: string): Settings {
  const file = path.join(temporaryFolder(t), 'amavisd.conf')
  writeFileSync(file, `$myhostname = 'mx.example.com';\n${text}`)
  const loaded = loadConfiguration({files: [file]})
  assert.ok(loaded.kind === 'ok')
  return settingsOf(loaded.snapshot)
}

const quiet = () => {}

test('names of a request are loaded after those of the client', t => {
  const settings = settingsFrom(t, `${LINES} $policy_bank{A} = {}; $policy_bank{B} = {originating => 0};`)
  assert.equal(settingsForMail(settings, '192.0.2.7', 'a@example.com', quiet, 'A, B').bankPath, 'MYNETS/A/B')
})

test('the first table of @client_ipaddr_policy that is true and has names decides', t => {
  const settings = settingsFrom(
    t,
    `@client_ipaddr_policy = (
       ['!192.0.2.1', '192.0.2.0/24'] => 'NEAR,BOTH',
       ['198.51.100.0/24'] => undef,
       {'198.51' => 1, '203.0' => 0} => 'HASH',
       ['0.0.0.0'] => 'UNKNOWN');
     $policy_bank{$_} = {} for qw(NEAR BOTH HASH UNKNOWN);`,
  )
  const path = (address: string | undefined) => settingsForMail(settings, address, '', quiet).bankPath
  assert.deepEqual(['192.0.2.9', '192.0.2.1', '198.51.100.7', '203.0.113.1', undefined].map(path), [
    'NEAR/BOTH',
    '',
    'HASH',
    '',
    'UNKNOWN',
  ])
})

test('valid signatures of authors load the banks that they are given', t => {
  const settings = settingsFrom(
    t,
    `@author_to_policy_bank_maps = ({'good.test' => 1, '.list.test' => 'LIST,WL', 'x@y.test/@z.test' => 'THIRD'});
     $policy_bank{$_} = {} for qw(AUTHOR_APPROVED LIST WL THIRD);`,
  )
  const path = (author: string, thirdParty?: string) =>
    settingsForAuthors(settings, [{author, thirdParty}], quiet).bankPath
  assert.equal(path('a@good.test'), 'AUTHOR_APPROVED')
  assert.equal(path('a@deep.list.test'), 'LIST/WL')
  assert.equal(path('x@y.test', 'z.test'), 'THIRD')
  assert.equal(path('a@good.test', 'z.test'), '')
  assert.equal(settingsForAuthors(settings, [], quiet), settings)
})

test('viruses load the banks that they are given', t => {
  const settings = settingsFrom(
    t,
    `@virus_name_to_policy_bank_maps = (new_RE([qr/^Phish/ => 'PHISH'], qr/^Worm/, [qr/^Joke/ => 0]));
     $policy_bank{$_} = {} for qw(PHISH VIRUS);`,
  )
  const path = (...names: string[]) => settingsForViruses(settings, names, quiet).bankPath
  assert.deepEqual(
    [path('Phish.A', 'Worm.B', 'Phish.C'), path('Joke.A'), path('Other')],
    ['PHISH/VIRUS', '', ''],
  )
})
