import assert from 'node:assert/strict'
import {test} from 'node:test'
import {runProgram} from '../../src/process/run-program.ts'

const options = {cwd: '/', env: {PATH: '/usr/bin:/bin'}, timeoutMs: 20_000}

test('a program that the system does not start is told as one that cannot be run', async () => {
  const tooLong = 'x'.repeat(1024 * 1024)
  assert.equal(await runProgram('true', [tooLong], options), 'cannot be run: spawn E2BIG')
  assert.equal(await runProgram('true', ['a\0b'], options).then(said => typeof said), 'string')
  assert.match(String(await runProgram('/nonexistent', [], options)), /^cannot be run: .*ENOENT/)
})

test('a program says what it says, and is killed at its deadline with what it started', async () => {
  const ran = await runProgram('sh', ['-c', 'cat; echo said >&2; exit 3'], {
    ...options,
    input: Buffer.from('read '),
  })
  assert.deepEqual(ran, {status: 3, output: 'read said\n'})
  const killed = await runProgram('sh', ['-c', 'sleep 60 & wait'], {...options, timeoutMs: 100})
  assert.equal(killed, 'killed after 100 ms')
})
