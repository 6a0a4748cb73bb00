import assert from 'node:assert/strict'
import {test} from 'node:test'
import {classicUsage, parseClassicOptions} from '../../src/tui/classic-options.ts'
import {runClassicStatus, type StatusEvent} from '../../src/tui/status/classic-loop.ts'
import {readFixture} from './bus-fixtures.ts'

interface Message {
  readonly t: number
  readonly frames?: readonly string[]
  readonly end?: number
}

interface Output {
  readonly t: number
  readonly stdout: string
  readonly stderr: readonly string[]
}

interface Case {
  readonly id: string
  readonly title: string
  readonly argv: readonly string[]
  readonly t0: number
  readonly messages: readonly Message[]
  readonly output: readonly Output[]
  readonly exit_code: number
}

const {cases} = JSON.parse(readFixture('status-cases.json')) as {cases: readonly Case[]}

/** A bus on a virtual clock; what was written between two waits is one output. */
class World {
  readonly outputs: Output[] = []
  readonly #case: Case
  #ms = 0
  #heard = 0
  #stdout = ''
  #stderr = ''

  constructor(c: Case) {
    this.#case = c
  }

  #flush(): void {
    if (this.#stdout === '' && this.#stderr === '') return
    const stderr = this.#stderr === '' ? [] : this.#stderr.replace(/\n$/, '').split('\n')
    this.outputs.push({t: this.#ms / 1000, stdout: this.#stdout, stderr})
    this.#stdout = ''
    this.#stderr = ''
  }

  #next(timeoutMs: number): StatusEvent {
    this.#flush()
    const message = this.#case.messages[this.#heard]
    const atMs = message && Math.round(message.t * 1000)
    if (message === undefined || atMs === undefined || atMs > this.#ms + timeoutMs) {
      this.#ms += timeoutMs
      return {kind: 'timeout'}
    }
    this.#heard++
    this.#ms = Math.max(this.#ms, atMs)
    return message.frames ? {kind: 'message', frames: message.frames} : {kind: 'end'}
  }

  async run(): Promise<number> {
    const options = parseClassicOptions(this.#case.argv)
    if (!options) {
      const usage = classicUsage('status')
      this.#stdout = usage.stdout
      this.#stderr = usage.stderr
      this.#flush()
      return usage.status
    }
    const status = await runClassicStatus({
      count: options.count,
      waitMs: options.waitMs ?? 1000,
      next: async timeoutMs => this.#next(timeoutMs),
      heading: text => (this.#stdout += text),
      lines: text => (this.#stderr += text),
      now: () => this.#case.t0 * 1000 + this.#ms,
    })
    this.#flush()
    return status
  }
}

for (const c of cases) {
  test(`amavisd-status: ${c.id} (${c.title})`, async () => {
    const world = new World(c)
    const status = await world.run()
    assert.deepEqual(world.outputs, c.output)
    assert.equal(status, c.exit_code)
  })
}

test('there are 22 cases', () => assert.equal(cases.length, 22))
