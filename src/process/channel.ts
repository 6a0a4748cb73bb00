/**
 * channel — what a process of ours says to the one that has started it.
 *
 * Without a channel there is nobody to tell; the process is about to end then.
 */
import {errorText} from '../errors.ts'

const nothing = () => {}

/** @param sent is called when the message is on its way, and a handle may be closed */
export function say(message: object, handle?: unknown, sent = nothing): void {
  if (process.connected) process.send?.(message, handle as never, {keepOpen: true}, sent)
}

/** Tell why this process cannot begin, and end it. */
export function failToBegin(error: unknown): void {
  const message = {type: 'failed', reason: errorText(error)} as const
  if (process.connected) process.send?.(message, () => process.exit(1))
  else process.exit(1)
}
