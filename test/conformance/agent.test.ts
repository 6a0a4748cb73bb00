import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Variable} from '../../src/tui/agent/classic.ts'
import {type AgentData, runClassicAgent} from '../../src/tui/agent/classic-loop.ts'
import {parseClassicOptions} from '../../src/tui/classic-options.ts'
import {databaseTexts} from '../../src/tui/source-texts.ts'
import {linesOf, readCases, Stage} from './display-cases.ts'

interface Own {
  readonly updates: readonly {
    readonly t: number
    readonly op: 'set' | 'rmdb' | 'createdb'
    readonly values: Readonly<Record<string, string>>
  }[]
  readonly output: readonly {
    readonly t: number
    readonly stdout: readonly string[]
    readonly stderr: readonly string[]
  }[]
}

const cases = readCases<Own>('agent-cases.json')
const DB = '$DB/snmp.db'

/** The counters over time. */
class Counters {
  readonly #updates: Own['updates']
  readonly #variables = new Map<string, Variable>()
  #applied = 0
  #present = false
  #generation = 0
  #read = 0

  constructor({updates}: Own) {
    this.#updates = updates
  }

  /** Apply what is due. */
  advance(toMs: number): void {
    for (
      let next = this.#updates[this.#applied];
      next && next.t * 1000 <= toMs;
      next = this.#updates[this.#applied]
    ) {
      this.#applied++
      if (next.op === 'rmdb') {
        this.#present = false
        this.#variables.clear()
        continue
      }
      if (!this.#present) this.#generation++
      this.#present = true
      for (const [name, text] of Object.entries(next.values ?? {})) {
        const [, type = '', value = ''] = /^(\S*) ?(.*)$/s.exec(text) ?? []
        this.#variables.set(name, {type, value})
      }
    }
  }

  read(): AgentData {
    if (!this.#present) return {kind: 'absent', name: DB}
    const reopened = this.#read !== 0 && this.#read !== this.#generation
    this.#read = this.#generation
    return {kind: 'variables', name: DB, variables: this.#variables, reopened}
  }
}

async function run(c: (typeof cases)[number], stage: Stage): Promise<number> {
  const options = parseClassicOptions(c.argv)
  if (!options) return stage.refuse('agent')
  const counters = new Counters(c)
  counters.advance(0)
  const status = await runClassicAgent({
    count: options.count,
    waitMs: options.waitMs ?? 10_000,
    read: async () => counters.read(),
    lines: stage.stdout,
    remarks: stage.stderr,
    texts: databaseTexts('snmp'),
    now: stage.now,
    sleep: async ms => {
      stage.flush()
      stage.ms += ms
      counters.advance(stage.ms)
      return true
    },
  })
  stage.flush()
  return status
}

for (const c of cases) {
  test(`amavisd-agent: ${c.id} (${c.title})`, async () => {
    const stage = new Stage(c)
    const status = await run(c, stage)
    const outputs = stage.outputs.map(({stdout, ...rest}) => ({...rest, stdout: linesOf(stdout)}))
    const expected = c.output.map(({stderr, ...rest}) => ({
      ...rest,
      stderr: stderr.map(line => line.replace('/usr/sbin/', '')),
    }))
    assert.deepEqual(outputs, expected)
    assert.equal(status, c.exit_code)
  })
}

test('there are 24 cases', () => assert.equal(cases.length, 24))
