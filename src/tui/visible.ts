/**
 * visible — what others sent, as text that a terminal can be given. Pure.
 *
 * Anybody who can reach a bus may send frames: escape sequences, wrong UTF-8, lines of a megabyte, pids that
 * are none. Nothing of that may move the cursor, break a column, or take memory.
 */
import type {Frame} from '../bus/grammar.ts'

/** C0 and C1 controls, line and paragraph separators, and what turns the direction of writing or has no width. */
const INVISIBLE =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
const NOT_PRINTABLE_ASCII = /[^\x21-\x7e]/g

const LONGEST_STATE = 8
const LONGEST_TASK_ID = 40
/** Linux gives no larger one. */
const LARGEST_PID = 4_194_304
/** The year 5138; what is later was not sent by a clock. */
const LAST_MS = 1e14

/** Text of one line: what cannot be seen becomes `?`. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, '?')
}

/**
 * JSON of one line in which what cannot be seen is escaped. JSON itself escapes C0 only, and a terminal takes
 * the C1 octets for the beginning of a sequence as well.
 */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(
    INVISIBLE,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** One token in a column of a screen: printable ASCII of at most so many characters. */
export function visibleToken(text: string, longest: number): string {
  return text.slice(0, longest).replace(NOT_PRINTABLE_ASCII, '?')
}

/** A frame as displays may take it; undefined when no process of a daemon can have sent it. */
export function credible(frame: Frame): Frame | undefined {
  switch (frame.kind) {
    case 'state': {
      const {pid, time, state, taskId} = frame
      if (!isPid(pid) || !(time.ms < LAST_MS)) return undefined
      if (!NEEDS_CARE.test(state) && (taskId === undefined || TASK_ID.test(taskId))) return frame
      return {
        ...frame,
        state: visibleToken(state, LONGEST_STATE),
        taskId: taskId === undefined ? undefined : visibleToken(taskId, LONGEST_TASK_ID),
      }
    }
    case 'proc':
      return {...frame, pids: frame.pids.filter(isPid)}
    case 'log':
      return isPid(frame.pid) && frame.timeMs < LAST_MS ? frame : undefined
    default:
      return frame
  }
}

const NEEDS_CARE = /[^\x21-\x7e]|^.{9}/
const TASK_ID = /^[\x21-\x7e]{1,40}$/

function isPid(pid: number): boolean {
  return pid >= 1 && pid <= LARGEST_PID
}
