import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {test} from 'node:test'
import {type McState, mcStateLines, readMcState, stateFileOf, writeMcState} from '../../src/bus/mc-state.ts'
import {temporaryFolder} from '../support/wait.ts'

const STATE: McState = {
  pid: 100,
  services: [
    {name: 'msg-forwarder', pid: 101, startedMs: 5000, restarts: 0},
    {name: 'childproc-minder', startedMs: 5000, restarts: 2, lastEnd: 'exit 1', nextStartMs: 12_500},
  ],
}

test('the state is read back by the pid of the supervisor, and that of another one is not believed', t => {
  const file = stateFileOf(`${temporaryFolder(t)}/amavis-mc.pid`)
  assert.equal(readMcState(file, 100), undefined)
  writeMcState(file, STATE)
  assert.deepEqual(readMcState(file, 100), STATE)
  assert.equal(readMcState(file, 99), undefined)
  writeFileSync(file, '{"pid":100,"services":[{"name":"rm -rf"}]}')
  assert.equal(readMcState(file, 100), undefined)
})

test('a service has a line that says whether it is up, and when it starts again', () => {
  assert.deepEqual(mcStateLines(STATE, 10_000), [
    'amavis-mc        running, PID 100',
    'msg-forwarder    running, PID 101, for 5 s',
    'childproc-minder down, starts again in 3 s, 2 restarts, last end: exit 1',
  ])
})

test('what a line says moves no cursor, whoever wrote the state', () => {
  const [service] = STATE.services
  const state = {pid: 100, services: [{...service!, restarts: 1, lastEnd: 'exit \x1b[2J\x9b1'}]}
  assert.equal(
    mcStateLines(state, 10_000)[1],
    'msg-forwarder    running, PID 101, for 5 s, 1 restarts, last end: exit ?[2J?1',
  )
})
