/**
 * create-log — a Log that writes the entries of its level and below to a sink.
 */
import type {Log, LogStyle} from './log.ts'
import type {Sink} from './sinks.ts'

export interface LogOptions {
  /** entries above this level are not written; -5 to 5 */
  readonly level: number
  readonly sink: Sink
  /** the level holds whatever the style of a task says */
  readonly isFixed?: boolean
  /** is told of each entry that is written, for the bus */
  readonly onEntry?: (level: number, text: string) => void
}

export function createLog({level, sink, isFixed = false, onEntry}: LogOptions): Log {
  const make = (taskId: string | undefined, style: LogStyle | undefined): Log => {
    const highest = isFixed ? level : (style?.level ?? level)
    return {
      enabled: entryLevel => entryLevel <= highest,
      write(entryLevel, text) {
        if (entryLevel > highest) return
        sink.write(entryLevel, taskId, text, style)
        onEntry?.(entryLevel, taskId === undefined ? text : `(${taskId}) ${text}`)
      },
      forTask: make,
    }
  }
  return make(undefined, undefined)
}
