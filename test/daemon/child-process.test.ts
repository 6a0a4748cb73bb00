import assert from 'node:assert/strict'
import {test} from 'node:test'
import {ChildHandle} from '../../src/daemon/child-process.ts'

test('a child that the system does not start is one that has ended, and its master goes on', async t => {
  // an environment that no program can be given
  process.env['AMAVIS_TEST'] = 'x'.repeat(1024 * 1024)
  t.after(() => delete process.env['AMAVIS_TEST'])
  const child = new ChildHandle()
  child.tellPressure(true)
  child.kill('SIGTERM')
  const reason = await new Promise(resolve =>
    child.begin(1, {} as never, {onMessage: () => {}, onEnd: why => resolve(why)}),
  )
  assert.equal(reason, 'cannot be started: spawn E2BIG')
  assert.equal(child.pid, 0)
})
