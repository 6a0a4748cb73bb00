import assert from 'node:assert/strict'
import {test} from 'node:test'
import {raiseHeir} from '../../src/daemon/heir.ts'
import type {DaemonOptions} from '../../src/daemon/options.ts'
import {readConfiguration} from '../../src/daemon/read-configuration.ts'

test('a process that the system does not start is a reload that has failed, and the master goes on', async t => {
  // an environment that no program can be given
  process.env['AMAVIS_TEST'] = 'x'.repeat(1024 * 1024)
  t.after(() => delete process.env['AMAVIS_TEST'])
  const options = {} as DaemonOptions
  assert.deepEqual(await readConfiguration({options, announce: 0}), {
    kind: 'failed',
    problems: ['cannot start the configuration reader: spawn E2BIG'],
  })
  assert.deepEqual(await raiseHeir(options, []), {
    kind: 'failed',
    problems: ['cannot start a new master: spawn E2BIG'],
  })
})
