import assert from 'node:assert/strict'
import {chmodSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {ServiceManager} from '../../src/process/service-manager.ts'
import {temporaryFolder} from '../support/wait.ts'

/** A systemd-notify that writes down what it is to say, and ends as told. */
function standIn(t: TestContext, status = 0): {program: string; said: () => readonly string[]} {
  const folder = temporaryFolder(t)
  const [program, notices] = [path.join(folder, 'systemd-notify'), path.join(folder, 'notices')]
  writeFileSync(notices, '')
  writeFileSync(program, `#!/bin/sh\necho "$*" >> '${notices}'\nexit ${status}\n`)
  chmodSync(program, 0o755)
  return {program, said: () => readFileSync(notices, 'utf8').split('\n').filter(Boolean)}
}

const MAIN = `MAINPID=${process.pid}`

test('notices come in order, each with the main process', async t => {
  const {program, said} = standIn(t)
  const manager = new ServiceManager({socket: '/run/notify', program, onTrouble: assert.fail})
  void manager.tell({READY: 1, STATUS: 'two words\nand a line'})
  await manager.tell({STOPPING: 1})
  assert.deepEqual(said(), [`${MAIN} READY=1 STATUS=two words and a line`, `${MAIN} STOPPING=1`])
})

test('a reload is told before it begins, with the time, and when it is over with what came of it', async t => {
  const {program, said} = standIn(t)
  const manager = new ServiceManager({socket: '/run/notify', program, onTrouble: assert.fail})
  const before = process.hrtime.bigint() / 1000n
  const outcome = await manager.reloading(
    async () => 'good',
    word => `it was ${word}`,
  )
  assert.equal(outcome, 'good')
  await manager.tell({STOPPING: 1})
  const [reloading = '', ready] = said()
  const begun = /^MAINPID=\d+ RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(reloading)?.[1] ?? ''
  assert.ok(BigInt(begun) >= before && BigInt(begun) <= process.hrtime.bigint() / 1000n)
  assert.equal(ready, `${MAIN} READY=1 STATUS=it was good`)
})

test('nothing is said where nobody listens, nor by a process that was succeeded', async t => {
  const {program, said} = standIn(t)
  await new ServiceManager({socket: '', program, onTrouble: assert.fail}).tell({READY: 1})
  const manager = new ServiceManager({socket: '/run/notify', program, onTrouble: assert.fail})
  manager.beSucceeded()
  await manager.tell({STOPPING: 1})
  assert.deepEqual(said(), [])
})

for (const [what, make] of [
  ['is not installed', () => '/nowhere/systemd-notify'],
  ['fails', (t: TestContext) => standIn(t, 1).program],
] as const) {
  test(`a systemd-notify that ${what} is told once and stops nothing`, async t => {
    const troubles: string[] = []
    const onTrouble = (text: string) => void troubles.push(text)
    const manager = new ServiceManager({socket: '/run/notify', program: make(t), onTrouble})
    await manager.tell({READY: 1})
    await manager.tell({STOPPING: 1})
    assert.equal(troubles.length, 1)
    assert.match(troubles[0] ?? '', /^cannot tell the service manager: \S/)
  })
}
