/**
 * create-log — a Log that writes the entries of its level and below to a sink.
 */
import type {Log} from './log.ts'
import type {Sink} from './sinks.ts'

export interface LogOptions {
  /** entries above this level are not written; -5 to 5 */
  readonly level: number
  readonly sink: Sink
  /** is told of each entry that is written, for the bus */
  readonly onEntry?: (level: number, text: string) => void
}

export function createLog({level, sink, onEntry}: LogOptions): Log {
  const make = (taskId: string | undefined): Log => ({
    enabled: entryLevel => entryLevel <= level,
    write(entryLevel, text) {
      if (entryLevel > level) return
      sink.write(entryLevel, taskId, text)
      onEntry?.(entryLevel, taskId === undefined ? text : `(${taskId}) ${text}`)
    },
    forTask: make,
  })
  return make(undefined)
}
