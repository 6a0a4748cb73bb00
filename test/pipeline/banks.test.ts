import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import {settingsOf} from '../../src/config/view.ts'
import {settingsForMail} from '../../src/pipeline/banks.ts'
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
