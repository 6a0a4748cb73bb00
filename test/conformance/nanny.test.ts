import assert from 'node:assert/strict'
import {test} from 'node:test'
import {formatFrame} from '../../src/bus/grammar.ts'
import {createChildStore} from '../../src/tui/children/store.ts'
import {parseClassicOptions} from '../../src/tui/classic-options.ts'
import type {ClassicRecord, ProcessControl, ProcessRef} from '../../src/tui/nanny/classic.ts'
import {type ClassicSource, runClassicNanny} from '../../src/tui/nanny/classic-loop.ts'
import {busSource, isGone} from '../../src/tui/nanny/records.ts'
import {databaseTexts} from '../../src/tui/source-texts.ts'
import {type DisplayCase, type Output, readCases, Stage} from './display-cases.ts'

interface Update {
  readonly t: number
  readonly op: 'put' | 'del' | 'die' | 'alive' | 'deaf' | 'eperm' | 'rmdb' | 'createdb'
  readonly pid: number
  readonly state: string
  readonly task_id: string
  readonly base: string
  readonly raw?: string
}

interface Case extends DisplayCase {
  readonly updates: readonly Update[]
  readonly signals?: readonly {readonly t: number; readonly sig: string; readonly pid: number}[]
}

const cases: readonly Case[] = readCases<Case>('nanny-cases.json')

/** Lines of ours that differ on purpose: a base in the future is an age of 0. */
const DIFFERENCES: Readonly<Record<string, readonly Output[]>> = {
  'future-base': [0, 1].map(t => ({
    t,
    stdout: '',
    stderr: ['PID 28187: 28187-03      0:00:00 S', 'PID 28190:               0:00:00 '],
  })),
}

/** Cases that are about something the bus does not have. */
const NOT_ON_THE_BUS: Readonly<Record<string, string>> = {
  'not-permitted': 'the bus says who lives; nothing is probed',
  'bad-entry': 'a frame that does not parse names no process',
  'count-zero': 'nothing is read',
  'count-minus': 'nothing is read',
  help: 'nothing is read',
  'bad-w': 'nothing is read',
}

const DB = '$DB/nanny.db'

/** What the cases turn: a clock, processes, and whatever holds their states. */
abstract class World {
  readonly stage: Stage
  readonly signals: {t: number; sig: string; pid: number}[] = []
  protected readonly dead = new Set<number>()
  protected readonly deaf = new Set<number>()
  protected readonly foreign = new Set<number>()
  readonly #case: Case
  #applied = 0
  abstract readonly source: ClassicSource

  constructor(c: Case) {
    this.#case = c
    this.stage = new Stage(c)
  }

  /** Apply what is due; each update happens at its own time. */
  advance(toMs: number): void {
    const {stage} = this
    for (let next = this.#next(); next && next.t * 1000 <= toMs; next = this.#next()) {
      stage.ms = Math.max(stage.ms, Math.round(next.t * 1000))
      this.#applied++
      if (next.op === 'die') this.end(next.pid)
      else if (next.op === 'deaf') this.deaf.add(next.pid)
      else if (next.op === 'eperm') this.foreign.add(next.pid)
      else if (next.op === 'alive') this.dead.delete(next.pid)
      else this.apply(next)
    }
    stage.ms = toMs
  }

  #next(): Update | undefined {
    return this.#case.updates[this.#applied]
  }

  abstract apply(update: Update): void
  abstract probe(process: ProcessRef): ReturnType<ProcessControl['probe']>

  end(pid: number): void {
    this.dead.add(pid)
  }

  readonly control: ProcessControl = {
    probe: process => this.probe(process),
    terminate: ({pid}) => {
      this.#signal('TERM', pid)
      return true
    },
    kill: ({pid}) => this.#signal('KILL', pid),
  }

  #signal(sig: 'TERM' | 'KILL', pid: number): void {
    this.signals.push({t: this.stage.ms / 1000, sig, pid})
    if (sig === 'KILL' || !this.deaf.has(pid)) this.end(pid)
  }

  async run(): Promise<number> {
    const {stage} = this
    this.advance(0)
    const options = parseClassicOptions(this.#case.argv)
    if (!options) return stage.refuse('nanny')
    const status = await runClassicNanny({
      count: options.count,
      waitMs: options.waitMs ?? 2000,
      source: this.source,
      control: this.control,
      heading: stage.stdout,
      lines: stage.stderr,
      remarks: stage.stderr,
      texts: databaseTexts('nanny'),
      now: stage.now,
      sleep: async ms => {
        stage.flush()
        this.advance(stage.ms + ms)
        return true
      },
    })
    stage.flush()
    return status
  }
}

/** The database's records, as they are. */
class RecordWorld extends World {
  readonly #records = new Map<number, ClassicRecord>()
  #present = false
  #generation = 0
  #read = 0

  apply({op, pid, state, task_id: taskId, base, raw}: Update): void {
    if (op === 'rmdb') {
      this.#present = false
      this.#records.clear()
      return
    }
    if (!this.#present) this.#generation++
    this.#present = true
    if (op === 'del') this.#records.delete(pid)
    if (op !== 'put') return
    const baseMs = Math.round(Number(base) * 1000)
    this.#records.set(
      pid,
      raw === undefined
        ? {kind: 'child', origin: '', pid, state, taskId, baseMs}
        : {kind: 'unreadable', key: String(pid), value: raw},
    )
  }

  probe({pid}: ProcessRef) {
    return this.foreign.has(pid) ? 'not-permitted' : this.dead.has(pid) ? 'gone' : 'alive'
  }

  readonly source: ClassicSource = {
    read: () => {
      if (!this.#present) return {kind: 'absent', name: DB}
      const reopened = this.#read !== 0 && this.#read !== this.#generation
      this.#read = this.#generation
      return {kind: 'records', name: DB, records: [...this.#records.values()], reopened}
    },
    forget: processes => {
      for (const {pid} of processes) this.#records.delete(pid)
    },
  }
}

/** The same by frames: a change of the base is an absolute time, the end of a process is `purged`. */
class BusWorld extends World {
  readonly #store = createChildStore({now: this.stage.now})
  readonly #bases = new Map<number, number>()
  readonly source = busSource(() => this.#store.refresh(), DB)

  #put(pid: number, time: {kind: 'abs' | 'delta'; ms: number}, state: string, taskId?: string): void {
    this.#store.put('', [formatFrame({kind: 'state', pid, time, state, taskId})])
  }

  apply({op, pid, state, task_id: taskId, base}: Update): void {
    const now = {kind: 'abs', ms: this.stage.now()} as const
    if (op === 'del') this.#put(pid, {kind: 'delta', ms: this.stage.now() - this.#bases.get(pid)!}, 'exiting')
    if (op === 'createdb') this.#put(1, now, 'FLUSH')
    if (op !== 'put') return
    const baseMs = Math.round(Number(base) * 1000)
    const time =
      this.#bases.get(pid) === baseMs
        ? ({kind: 'delta', ms: this.stage.now() - baseMs} as const)
        : ({kind: 'abs', ms: baseMs} as const)
    this.#bases.set(pid, baseMs)
    this.#put(pid, time, state || '-', taskId || undefined)
  }

  override end(pid: number): void {
    super.end(pid)
    this.#put(pid, {kind: 'abs', ms: this.stage.now()}, 'purged')
  }

  probe({origin, pid}: ProcessRef) {
    return isGone(this.#store.refresh().table, origin, pid) ? 'gone' : 'alive'
  }
}

/** Without what names the original's file. */
function withoutPath(line: string): string {
  return line.replace(' at /usr/sbin/amavisd-nanny line 223.', '').replace('/usr/sbin/', '')
}

function expected(c: Case): readonly Output[] {
  const differing = DIFFERENCES[c.id] ?? []
  return c.output.map(({t, stdout, stderr}) => ({
    t,
    stdout,
    stderr: differing.find(other => other.t === t)?.stderr ?? stderr.map(withoutPath),
  }))
}

for (const c of cases) {
  test(`amavisd-nanny by its records: ${c.id} (${c.title})`, async () => {
    const world = new RecordWorld(c)
    const status = await world.run()
    assert.deepEqual(world.stage.outputs, expected(c))
    assert.deepEqual(world.signals, c.signals ?? [])
    assert.equal(status, c.exit_code)
  })
  if (c.id in NOT_ON_THE_BUS) continue
  test(`amavisd-nanny by the bus: ${c.id}`, async () => {
    const world = new BusWorld(c)
    const status = await world.run()
    assert.deepEqual(world.stage.outputs, expected(c))
    assert.deepEqual(world.signals, c.signals ?? [])
    assert.equal(status, c.exit_code)
  })
}

test('there are 44 cases, and those left out on the bus are among them', () => {
  assert.equal(cases.length, 44)
  const ids = new Set(cases.map(c => c.id))
  for (const id of [...Object.keys(NOT_ON_THE_BUS), ...Object.keys(DIFFERENCES)]) assert.ok(ids.has(id), id)
})

test('the cases without a meaning on the bus are these and no others', () => {
  const ids = new Set(cases.map(({id}) => id))
  for (const [id, reason] of Object.entries(NOT_ON_THE_BUS)) assert.ok(ids.has(id), `${id}: ${reason}`)
  assert.equal(cases.length - Object.keys(NOT_ON_THE_BUS).length, 38)
})
