import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Pipeline} from '../../src/pipeline/pipeline.ts'
import {type RunHooks, run, StageFailure} from '../../src/pipeline/runner.ts'

function hooks(remainingMs = 1000) {
  const seen: string[] = []
  const value: RunHooks<undefined> = {
    services: undefined,
    state: state => seen.push(state),
    mark: name => seen.push(name),
    remainingMs: () => remainingMs,
  }
  return {seen, value}
}

const begin = () => Pipeline.begin<{readonly start: number}, undefined>()

test('a stage sees the facts of those before it, and all facts come out together', async () => {
  const pipeline = begin()
    .stage({name: 'double', run: ({start}) => ({doubled: start * 2})})
    .stage({name: 'sum', run: async ({start, doubled}) => ({sum: start + doubled})})
  const {value} = hooks()
  assert.deepEqual(await run(pipeline, {start: 3}, value), {start: 3, doubled: 6, sum: 9})
})

test('each stage announces its state first and marks its time last', async () => {
  const pipeline = begin()
    .stage({name: 'mime_decode', state: 'D', run: () => ({parts: 1})})
    .stage({name: 'report', run: () => ({})})
  const {seen, value} = hooks()
  await run(pipeline, {start: 1}, value)
  assert.deepEqual(seen, ['D', 'mime_decode', 'report'])
})

test('a stage that does not happen announces nothing and leaves what is known without it', async () => {
  const pipeline = begin().stage({
    name: 'AV-scan-1',
    state: 'V',
    when: () => false,
    otherwise: {viruses: 0},
    run: () => ({viruses: 1}),
  })
  const {seen, value} = hooks()
  assert.deepEqual(await run(pipeline, {start: 1}, value), {start: 1, viruses: 0})
  assert.deepEqual(seen, [])
})

test('a failure names its stage, keeps the cause and still marks the time', async () => {
  const cause = new Error('disk full')
  const pipeline = begin().stage({
    name: 'notif-quar',
    run: (): object => {
      throw cause
    },
  })
  const {seen, value} = hooks()
  await assert.rejects(run(pipeline, {start: 1}, value), error => {
    assert.ok(error instanceof StageFailure)
    assert.equal(error.message, 'notif-quar FAILED: disk full')
    assert.equal(error.cause, cause)
    return true
  })
  assert.deepEqual(seen, ['notif-quar'])
})

test('a stage that is not done at the deadline fails the run', async () => {
  const pipeline = begin().stage({name: 'AV-scan-1', run: () => new Promise<object>(() => {})})
  await assert.rejects(run(pipeline, {start: 1}, hooks(5).value), /AV-scan-1 FAILED: timed out in AV-scan-1/)
})
