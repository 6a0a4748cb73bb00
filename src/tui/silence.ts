/**
 * silence — what to say when there is nothing to show.
 */
import {SILENCE_MS} from './children/feed.ts'

/** For standard error: which buses said nothing, and what to do about it. */
export function silenceText(endpoints: readonly string[]): string {
  return (
    `amavis: nothing heard from ${endpoints.join(', ')} for ${SILENCE_MS / 1000} s\n` +
    'The daemon ("amavis start") and its services ("amavis mc") must run; name another bus with --connect ' +
    'or AMAVIS_CONNECT.\n'
  )
}
