import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseClassicOptions} from '../../src/tui/classic-options.ts'
import {runClassicStatus, type StatusEvent} from '../../src/tui/status/classic-loop.ts'
import {readCases, Stage} from './display-cases.ts'

interface Own {
  readonly messages: readonly {
    readonly t: number
    readonly frames?: readonly string[]
    readonly end?: number
  }[]
}

const cases = readCases<Own>('status-cases.json')

/** A bus on the stage's clock. */
class Bus {
  readonly #stage: Stage
  readonly #messages: Own['messages']
  #heard = 0

  constructor(stage: Stage, {messages}: Own) {
    this.#stage = stage
    this.#messages = messages
  }

  next(timeoutMs: number): StatusEvent {
    const stage = this.#stage
    if (!stage.isSilent) stage.flush()
    const message = this.#messages[this.#heard]
    const atMs = message && Math.round(message.t * 1000)
    if (message === undefined || atMs === undefined || atMs > stage.ms + timeoutMs) {
      stage.ms += timeoutMs
      return {kind: 'timeout'}
    }
    this.#heard++
    stage.ms = Math.max(stage.ms, atMs)
    return message.frames ? {kind: 'message', frames: message.frames} : {kind: 'end'}
  }
}

async function run(c: (typeof cases)[number], stage: Stage): Promise<number> {
  const options = parseClassicOptions(c.argv)
  if (!options) return stage.refuse('status')
  const bus = new Bus(stage, c)
  const status = await runClassicStatus({
    count: options.count,
    waitMs: options.waitMs ?? 1000,
    next: async timeoutMs => bus.next(timeoutMs),
    heading: stage.stdout,
    lines: stage.stderr,
    now: stage.now,
  })
  if (!stage.isSilent) stage.flush()
  return status
}

for (const c of cases) {
  test(`amavisd-status: ${c.id} (${c.title})`, async () => {
    const stage = new Stage(c)
    const status = await run(c, stage)
    assert.deepEqual(stage.outputs, c.output)
    assert.equal(status, c.exit_code)
  })
}

test('there are 22 cases', () => assert.equal(cases.length, 22))
