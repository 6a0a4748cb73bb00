/**
 * classic-loop — amavisd-status' loop: a display every so often, and at once when something happens, but
 * not more than five a second. Clock, streams and bus are handed in. Source: spec/monitoring §4.
 */
import {HEADING} from '../nanny/classic.ts'
import {ClassicStatus} from './classic.ts'

const SHORTEST_MS = 200

export type StatusEvent =
  | {readonly kind: 'message'; readonly frames: readonly string[]}
  | {readonly kind: 'timeout'}
  /** the program is to end */
  | {readonly kind: 'end'}

export interface StatusLoopOptions {
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  readonly waitMs: number
  /** The next message, or a timeout after so long. */
  readonly next: (timeoutMs: number) => Promise<StatusEvent>
  /** heading, empty lines, the last word */
  readonly heading: (text: string) => void
  readonly lines: (text: string) => void
  readonly now: () => number
}

/** @returns the exit status: 0, or 255 when interrupted */
export async function runClassicStatus(options: StatusLoopOptions): Promise<number> {
  const {count, waitMs, heading, lines, now} = options
  const status = new ClassicStatus()
  heading(HEADING)
  if (count !== undefined && count <= 0) return 0
  heading('\n')
  let shownMs: number | undefined
  let dueMs = now() + SHORTEST_MS
  for (let shown = 0; ; ) {
    const event = await options.next(Math.max(0, dueMs - now()))
    if (event.kind === 'end') {
      lines('\n')
      heading('exited\n')
      return 255
    }
    if (event.kind === 'message') {
      for (const frame of event.frames) {
        const remark = status.hear(frame, now())
        if (remark !== undefined) lines(`${remark}\n`)
      }
      const soonest = shownMs === undefined ? undefined : shownMs + SHORTEST_MS
      if (soonest !== undefined && now() <= soonest && now() < dueMs) continue
    }
    lines(`${status.display(now()).join('\n')}\n`)
    shownMs = now()
    dueMs = shownMs + waitMs
    if (++shown === count) return 0
    heading('\n')
  }
}
