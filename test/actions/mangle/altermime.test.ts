import assert from 'node:assert/strict'
import test from 'node:test'
import {alterFile, altermimeArguments} from '../../../src/actions/mangle/altermime.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const ARGS = ['--disclaimer=/etc/altermime/_OPTION_.txt', '--htmltoo']

test('_OPTION_ stands for what the map has for the author', () => {
  assert.deepEqual(altermimeArguments(ARGS, 'sales.de'), [
    '--disclaimer=/etc/altermime/sales.de.txt',
    '--htmltoo',
  ])
  assert.deepEqual(altermimeArguments(ARGS, undefined), ['--disclaimer=/etc/altermime/.txt', '--htmltoo'])
})

test('an option that leads to another folder is refused', () => {
  assert.match(String(altermimeArguments(ARGS, '../../shadow')), /^unusable disclaimer option/)
})

test('a program that is not there is told', async () => {
  const settings = settingsFrom("$altermime = '/nonexistent/altermime';\n1;")
  assert.equal(await alterFile('/tmp/none', [], settings, 1000), 'altermime is not installed')
})
