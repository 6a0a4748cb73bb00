/**
 * incident — something that befell a child of the daemon, as childproc-minder saw it.
 *
 * On the bus it is an `am.log` frame of the child's pid, at the level that all who look for trouble
 * subscribe to, and comes before the `purged` of the same child; so a view can tell a child that went away
 * from one that was ended. Pure.
 */
import {type Frame, formatFrame} from './grammar.ts'

/** `terminated`: gone after having been signalled; `forgotten`: it cannot be killed, or is not ours to signal. */
export type IncidentKind = 'went away' | 'TERM sent' | 'KILL sent' | 'terminated' | 'forgotten'

export interface Incident {
  readonly kind: IncidentKind
  readonly pid: number
  readonly taskId: string | undefined
  /** the states of its task so far, as monitors show them */
  readonly letters: string
  /** ms at its task, or idle */
  readonly ageMs: number
  /** Unix time */
  readonly timeMs: number
}

/** What a listener for incidents subscribes to. */
export const INCIDENT_PREFIX = 'am.log.******* '

const START = 'childproc-minder: PID '
const TEXT =
  /^childproc-minder: PID (\d+) (went away|TERM sent|KILL sent|terminated|forgotten), task (\S+), states (\S+), age (\d+(?:\.\d+)?) s$/

export function incidentFrame({kind, pid, taskId, letters, ageMs, timeMs}: Incident): string {
  const age = (Math.max(0, ageMs) / 1000).toFixed(1)
  const text = `${START}${pid} ${kind}, task ${taskId ?? '-'}, states ${letters || '-'}, age ${age} s`
  return formatFrame({kind: 'log', level: -1, pid, timeMs, text})
}

/** The incident that a frame tells of; undefined for any other frame. */
export function parseIncident(frame: Frame): Incident | undefined {
  if (frame.kind !== 'log' || !frame.text.startsWith(START)) return undefined
  const match = TEXT.exec(frame.text)
  if (!match || Number(match[1]) !== frame.pid) return undefined
  const [, , kind, task = '-', letters = '-', age] = match
  return {
    kind: kind as IncidentKind,
    pid: frame.pid,
    taskId: task === '-' ? undefined : task,
    letters: letters === '-' ? '' : letters,
    ageMs: Math.round(Number(age) * 1000),
    timeMs: frame.timeMs,
  }
}
