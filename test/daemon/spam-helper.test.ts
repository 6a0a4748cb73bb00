import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {SpamHelper} from '../../src/daemon/spam-helper.ts'
import {temporaryFolder} from '../support/wait.ts'

test('without Perl it says so once, and its folder is gone', async t => {
  const said: string[] = []
  const helper = new SpamHelper({
    plan: {home: '/', configpath: '', siteconfigpath: '', userprefs: '', local_tests_only: '1', debug: ''},
    base: temporaryFolder(t),
    path: '',
    say: (level, text) => void said.push(`${level} ${text}`),
    program: '/nowhere/perl',
  })
  assert.ok(existsSync(path.dirname(helper.socketPath)))
  await helper.settled
  assert.deepEqual(said, [
    '-1 SpamAssassin cannot be used, mail gets no points of it: spawn /nowhere/perl ENOENT',
  ])
  assert.ok(!existsSync(path.dirname(helper.socketPath)))
})

test('a helper that the system does not start is tried again', async t => {
  process.env['AMAVIS_TEST'] = 'x'.repeat(1024 * 1024)
  t.after(() => delete process.env['AMAVIS_TEST'])
  const said: string[] = []
  const helper = new SpamHelper({
    plan: {home: '/', configpath: '', siteconfigpath: '', userprefs: '', local_tests_only: '1', debug: ''},
    base: temporaryFolder(t),
    path: '',
    say: (level, text) => void said.push(`${level} ${text}`),
  })
  await helper.settled
  helper.stop()
  assert.deepEqual(said, ['-1 SpamAssassin helper could not be started: spawn E2BIG, starting another'])
})
