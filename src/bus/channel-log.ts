/**
 * channel-log — a Log whose entries go to the parent process.
 */
import type {Log} from '../log/log.ts'

/** What a service says to its supervisor. */
export type ServiceMessage =
  | {readonly kind: 'ready'}
  | {readonly kind: 'log'; readonly level: number; readonly text: string}

export function createLogOver(
  channel: {readonly connected: boolean; send?(message: ServiceMessage): boolean},
  highest: number,
): Log {
  const make = (taskId: string | undefined): Log => ({
    enabled: level => level <= highest,
    write(level, text) {
      if (level > highest || !channel.connected) return
      channel.send?.({kind: 'log', level, text: taskId === undefined ? text : `(${taskId}) ${text}`})
    },
    forTask: make,
  })
  return make(undefined)
}
