/**
 * classic — the display of amavisd-status, exactly.
 *
 * Its table is simpler than ours (children/table.ts): the lists of pids only ever add unknown ones, and a
 * process that says nothing itself for ten minutes is dropped even if the lists name it.
 * Source: spec/monitoring §4.
 */
import {type Frame, parseFrame} from '../../bus/grammar.ts'
import {busyBar, extendHistory} from '../children/bar.ts'
import {decayPeak, loadBar} from '../children/load-bar.ts'
import {IDLE, isIdle, UNSEEN} from '../children/states.ts'
import {classicLine} from '../nanny/classic.ts'
import {credible, visibleText} from '../visible.ts'

interface Process {
  state: string
  taskId: string
  baseMs: number
  heardMs: number
  history: string
}

const FORGET_MS = 600_000
/** Processes beyond this are not taken in. */
const MOST_PROCESSES = 10_000
/** Characters of an unrecognized message that are shown. */
const LONGEST_SHOWN = 1000
/** In the place of what no process of a daemon can have sent. */
const INCREDIBLE: Frame = {kind: 'unknown', text: ''}

export class ClassicStatus {
  readonly #processes = new Map<number, Process>()
  #peak = 0
  #shownMs: number | undefined

  /** Take in one frame. @returns a line to print at once, if any */
  hear(text: string, nowMs: number): string | undefined {
    const frame = credible(parseFrame(text)) ?? INCREDIBLE
    if (frame.kind === 'state') {
      const {pid, state, taskId = '', time} = frame
      if (state === 'FLUSH') {
        this.#processes.clear()
        return 'state flushed (restart)'
      }
      if (state === 'exiting' || state === 'purged') {
        this.#processes.delete(pid)
        return undefined
      }
      const known = this.#processes.get(pid)
      if (!known && this.#processes.size >= MOST_PROCESSES) return undefined
      const isNewBase = time.kind === 'abs'
      const baseMs = isNewBase ? time.ms : (known?.baseMs ?? nowMs - time.ms)
      const history = isNewBase ? '' : (known?.history ?? '')
      const letter = state === IDLE ? '' : state
      this.#processes.set(pid, {state: letter, taskId, baseMs, heardMs: nowMs, history})
      return undefined
    }
    // a list without the space after its prefix is none
    if (frame.kind === 'proc' && text.includes(' ')) {
      for (const pid of frame.pids) {
        if (this.#processes.has(pid) || this.#processes.size >= MOST_PROCESSES) continue
        const state = frame.list === 'busy' ? UNSEEN : ''
        this.#processes.set(pid, {state, taskId: '', baseMs: nowMs, heardMs: nowMs, history: ''})
      }
      return undefined
    }
    return `Unrecognized message received: ${visibleText(text.slice(0, LONGEST_SHOWN))}`
  }

  /** Lines of one display. */
  display(nowMs: number): readonly string[] {
    const lines: string[] = []
    let idle = 0
    for (const [pid, process] of [...this.#processes].sort((a, b) => a[0] - b[0])) {
      if (nowMs - process.heardMs > FORGET_MS) {
        this.#processes.delete(pid)
      } else if (isIdle(process.state, process.taskId)) {
        process.history = ''
        idle++
      } else {
        const ageMs = Math.max(0, nowMs - process.baseMs)
        process.history = extendHistory(process.history, ageMs, process.state || ' ')
        lines.push(classicLine(String(pid).padStart(5), process, ageMs, busyBar(process.history)))
      }
    }
    const busy = lines.length
    this.#peak = decayPeak(this.#peak, busy, nowMs - (this.#shownMs ?? nowMs))
    this.#shownMs = nowMs
    lines.push(`${busy} active, ${idle} idling processes`, loadBar(busy, idle, this.#peak))
    return lines
  }
}
