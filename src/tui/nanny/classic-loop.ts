/**
 * classic-loop — amavisd-nanny's loop: heading on one stream, lines on the other, and the wait for
 * processes that it has signalled, during which the display stands still.
 *
 * Clock, streams, source and processes are handed in. Source: spec/monitoring §3, 3.4.
 */
import type {SourceTexts} from '../source-texts.ts'
import {
  ClassicNanny,
  type ClassicRecord,
  HEADING,
  KillCountdown,
  type ProcessControl,
  type ProcessRef,
} from './classic.ts'

/** What there is to show now; `name` is the database, or the bus that stands in for it. */
export type ClassicData =
  | {readonly kind: 'absent'; readonly name: string}
  | {
      readonly kind: 'records'
      readonly name: string
      readonly records: readonly ClassicRecord[]
      /** another database, or another run of the daemon, since the last time */
      readonly reopened: boolean
    }

export interface ClassicSource {
  read(): ClassicData
  /** These were reported to have gone away. */
  forget(processes: readonly ProcessRef[]): void
}

export interface LoopOptions {
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  readonly waitMs: number
  readonly source: ClassicSource
  readonly control: ProcessControl
  /** heading and empty lines */
  readonly heading: (text: string) => void
  readonly lines: (text: string) => void
  /** about the source and the end; the original has them among the lines */
  readonly remarks: (text: string) => void
  readonly texts: SourceTexts
  readonly now: () => number
  /** false when the program is to end */
  readonly sleep: (ms: number) => Promise<boolean>
}

/** @returns the exit status: 0, 1 when a process cannot be looked at, 255 when interrupted */
export async function runClassicNanny(options: LoopOptions): Promise<number> {
  const {source, control, heading, lines, remarks, texts, now, sleep} = options
  const nanny = new ClassicNanny()
  heading(HEADING)
  for (let shown = 0; options.count === undefined || shown < options.count; ) {
    const data = source.read()
    if (data.kind === 'absent') {
      remarks(`${texts.absent(data.name)}\n`)
    } else {
      heading('\n')
      if (data.reopened) remarks(`${texts.reopened(data.name)}\n`)
      const display = nanny.display(now(), data.records, control)
      for (const line of display.lines) lines(`${line}\n`)
      source.forget(display.wentAway)
      if (display.failure !== undefined) {
        remarks(`${display.failure}\nexited\n`)
        return 1
      }
      shown++
      if (!(await awaitEnds(display.terminated, options))) break
    }
    if (shown === options.count) return 0
    if (!(await sleep(options.waitMs))) break
  }
  if (options.count !== undefined && options.count <= 0) return 0
  remarks('exited\n')
  return 255
}

/** False when the program is to end. */
async function awaitEnds(
  processes: readonly ProcessRef[],
  {control, lines, sleep}: LoopOptions,
): Promise<boolean> {
  const countdown = new KillCountdown(processes)
  for (let waitMs = 1000; countdown.waiting; waitMs = 2000) {
    if (!(await sleep(waitMs))) return false
    for (const line of countdown.round(control)) lines(`${line}\n`)
  }
  return true
}
