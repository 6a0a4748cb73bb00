import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Variable} from '../../src/tui/agent/classic.ts'
import {type AgentData, DATABASE_TEXTS, runClassicAgent} from '../../src/tui/agent/classic-loop.ts'
import {classicUsage, parseClassicOptions} from '../../src/tui/classic-options.ts'
import {readFixture} from './bus-fixtures.ts'

interface Update {
  readonly t: number
  readonly op: 'set' | 'rmdb' | 'createdb'
  readonly values: Readonly<Record<string, string>>
}

interface Output {
  readonly t: number
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
}

interface Case {
  readonly id: string
  readonly title: string
  readonly argv: readonly string[]
  readonly t0: number
  readonly updates: readonly Update[]
  readonly output: readonly Output[]
  readonly exit_code: number
}

const {cases} = JSON.parse(readFixture('agent-cases.json')) as {cases: readonly Case[]}
const DB = '$DB/snmp.db'

/** The counters over time, and what the loop wrote between two sleeps. */
class World {
  readonly outputs: Output[] = []
  readonly #case: Case
  readonly #variables = new Map<string, Variable>()
  #ms = 0
  #applied = 0
  #present = false
  #generation = 0
  #read = 0
  #stdout = ''
  #stderr = ''

  constructor(c: Case) {
    this.#case = c
  }

  #advance(toMs: number): void {
    this.#ms = toMs
    const {updates} = this.#case
    for (; this.#applied < updates.length && updates[this.#applied]!.t * 1000 <= toMs; this.#applied++) {
      const {op, values} = updates[this.#applied]!
      if (op === 'rmdb') {
        this.#present = false
        this.#variables.clear()
        continue
      }
      if (!this.#present) this.#generation++
      this.#present = true
      for (const [name, text] of Object.entries(values ?? {})) {
        const [, type = '', value = ''] = /^(\S*) ?(.*)$/s.exec(text) ?? []
        this.#variables.set(name, {type, value})
      }
    }
  }

  #data(): AgentData {
    if (!this.#present) return {kind: 'absent', name: DB}
    const reopened = this.#read !== 0 && this.#read !== this.#generation
    this.#read = this.#generation
    return {kind: 'variables', name: DB, variables: this.#variables, reopened}
  }

  #flush(): void {
    const split = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
    this.outputs.push({t: this.#ms / 1000, stdout: split(this.#stdout), stderr: split(this.#stderr)})
    this.#stdout = ''
    this.#stderr = ''
  }

  async run(): Promise<number> {
    this.#advance(0)
    const options = parseClassicOptions(this.#case.argv)
    const usage = options ? undefined : classicUsage('agent')
    this.#stdout += usage?.stdout ?? ''
    this.#stderr += usage?.stderr ?? ''
    const status = await (options
      ? runClassicAgent({
          count: options.count,
          waitMs: options.waitMs ?? 10_000,
          read: async () => this.#data(),
          lines: text => (this.#stdout += text),
          remarks: text => (this.#stderr += text),
          texts: DATABASE_TEXTS,
          now: () => this.#case.t0 * 1000 + this.#ms,
          sleep: async ms => {
            this.#flush()
            this.#advance(this.#ms + ms)
            return true
          },
        })
      : usage!.status)
    this.#flush()
    return status
  }
}

for (const c of cases) {
  test(`amavisd-agent: ${c.id} (${c.title})`, async () => {
    const world = new World(c)
    const status = await world.run()
    const expected = c.output.map(({t, stdout, stderr}) => ({
      t,
      stdout,
      stderr: stderr.map(line => line.replace('/usr/sbin/', '')),
    }))
    assert.deepEqual(world.outputs, expected)
    assert.equal(status, c.exit_code)
  })
}

test('there are 24 cases', () => assert.equal(cases.length, 24))
