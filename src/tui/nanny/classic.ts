/**
 * classic — the lines of amavisd-nanny, exactly.
 *
 * Fed with the records of all children at each display, as the original reads them from its database; what
 * it remembers between displays is one history a pid. Who lives and who may be signalled is asked of
 * `ProcessControl`. Source: spec/monitoring §3.
 */
import {busyBar, elapsedText, extendHistory, idleBar} from '../children/bar.ts'
import {isIdle, STATES} from '../children/states.ts'

export const HEADING =
  'process-id task-id     elapsed in    elapsed-bar (dots indicate idle)\n' +
  '           or state   idle or busy\n'

/** A process; where several buses are watched, the origin tells equal pids apart. */
export interface ProcessRef {
  readonly origin: string
  readonly pid: number
}

/** A child as its record has it: state '' is idle, task id '' is none, base is Unix time in ms. */
export type ClassicRecord =
  | {
      readonly kind: 'child'
      readonly origin: string
      readonly pid: number
      readonly state: string
      readonly taskId: string
      readonly baseMs: number
    }
  | {readonly kind: 'unreadable'; readonly key: string; readonly value: string}

export interface ProcessControl {
  probe(process: ProcessRef): 'alive' | 'gone' | 'not-permitted'
  /** How one that is gone ended, where that is told apart; `went away` without it, as the original has it. */
  endOf?(process: ProcessRef): string | undefined
  /** Send SIGTERM to an overdue process; false where that is not this display's task. */
  terminate(process: ProcessRef): boolean
  /** Send SIGKILL to one that was sent SIGTERM. */
  kill(process: ProcessRef): void
}

export interface Display {
  readonly lines: readonly string[]
  /** were reported to be gone; their records can be forgotten */
  readonly wentAway: readonly ProcessRef[]
  /** were sent SIGTERM */
  readonly terminated: readonly ProcessRef[]
  /** the display cannot go on */
  readonly failure: string | undefined
}

/** A busy child may take this long; exactly this long is fine. */
const ACTIVE_LIMIT_MS = 600_000
/** An idle child may wait this long. */
const IDLE_LIMIT_MS = 10_800_000

/** A pid as the database's keys have it. */
function pidKey(pid: number): string {
  return String(pid).padStart(5, '0')
}

/** The state legend, as `-h` prints it. */
export function legend(lastLine = 'space indicates idle (elapsed bar is showing dots)'): string {
  const lines = STATES.map(({letter, legend}) => `  ${letter}  ${legend}\n`)
  return `States legend:\n${lines.join('')}  sp ${lastLine}\n\n`
}

/** One line; `trouble` is a word before the elapsed time. */
export function classicLine(
  pid: string,
  record: {readonly state: string; readonly taskId: string},
  ageMs: number,
  bar: string,
  trouble = '',
): string {
  const what = (record.taskId || record.state || ' ').padEnd(11)
  return `PID ${pid}: ${what} ${trouble}${elapsedText(ageMs)} ${bar}`
}

export class ClassicNanny {
  readonly #histories = new Map<string, {baseMs: number; letters: string}>()

  /** Lines of all records at this moment, sorted by pid; overdue processes are sent SIGTERM. */
  display(nowMs: number, records: readonly ClassicRecord[], control: ProcessControl): Display {
    const lines: string[] = []
    const wentAway: ProcessRef[] = []
    const terminated: ProcessRef[] = []
    for (const record of [...records].sort((a, b) => order(a) - order(b))) {
      if (record.kind === 'unreadable') {
        lines.push(`Bad db entry: ${record.key}, ${record.value}`)
        continue
      }
      const {pid} = record
      const presence = control.probe(record)
      if (presence === 'not-permitted') {
        const failure = `Can't check the process ${pid}: Operation not permitted`
        return {lines, wentAway, terminated, failure}
      }
      const ageMs = Math.max(0, nowMs - record.baseMs)
      const idle = isIdle(record.state, record.taskId)
      const bar = idle ? idleBar(ageMs) : busyBar(this.#history(record, ageMs))
      if (idle) this.#histories.delete(historyKey(record))
      let trouble = ''
      if (presence === 'gone') {
        trouble = `${control.endOf?.(record) ?? 'went away'} `
        wentAway.push(record)
        this.#histories.delete(historyKey(record))
      } else if (ageMs > (idle ? IDLE_LIMIT_MS : ACTIVE_LIMIT_MS) && control.terminate(record)) {
        trouble = 'terminated '
        terminated.push(record)
      }
      lines.push(classicLine(pidKey(pid), record, ageMs, bar, trouble))
    }
    this.#forgetMissing(records)
    return {lines, wentAway, terminated, failure: undefined}
  }

  #history(record: ClassicRecord & {kind: 'child'}, ageMs: number): string {
    const known = this.#histories.get(historyKey(record))
    const before = known?.baseMs === record.baseMs ? known.letters : ''
    const letters = extendHistory(before, ageMs, record.state || ' ')
    this.#histories.set(historyKey(record), {baseMs: record.baseMs, letters})
    return letters
  }

  #forgetMissing(records: readonly ClassicRecord[]): void {
    const present = new Set(records.map(record => (record.kind === 'child' ? historyKey(record) : '')))
    for (const key of this.#histories.keys()) if (!present.has(key)) this.#histories.delete(key)
  }
}

function historyKey({origin, pid}: ProcessRef): string {
  return `${origin} ${pid}`
}

function order(record: ClassicRecord): number {
  return record.kind === 'child' ? record.pid : Number(record.key)
}

/** Rounds that a signalled process is granted; the text calls them seconds, but all after the first take two. */
const ROUNDS = 30

/** Waits for signalled processes to end: what one round prints, and who is still there. */
export class KillCountdown {
  readonly #rounds: Map<ProcessRef, number>

  constructor(processes: readonly ProcessRef[]) {
    this.#rounds = new Map(processes.map(process => [process, 0]))
  }

  get waiting(): boolean {
    return this.#rounds.size > 0
  }

  round(control: ProcessControl): readonly string[] {
    const lines: string[] = []
    for (const [process, before] of this.#rounds) {
      const label = `PID ${pidKey(process.pid)}`
      const round = before + 1
      this.#rounds.set(process, round)
      lines.push(`${label}: sending SIGKILL in ${ROUNDS - round} s`)
      if (round > ROUNDS) {
        control.kill(process)
        this.#rounds.set(process, 0)
      } else if (control.probe(process) === 'gone') {
        lines.push(`${label}:             successfully killed`)
        this.#rounds.delete(process)
      }
    }
    if (this.waiting) {
      const pids = [...this.#rounds.keys()].map(({pid}) => pid)
      lines.push(`Waiting for the process to terminate: ${pids.join(', ')}`)
    }
    return lines
  }
}
