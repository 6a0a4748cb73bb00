/**
 * start-process — starts a process where the machine may be out of memory or of descriptors.
 *
 * spawn(3) tells most failures by the event `error`, but some by throwing at once, and without descriptors it gives a
 * process that has no streams. A daemon that has to make a process must survive all of them.
 */
import type {ChildProcess} from 'node:child_process'
import {errorText} from '../errors.ts'

/**
 * What `start` gives, which may still tell by `error` that it could not be started.
 * @returns why there is none
 */
export function startProcess<Process extends ChildProcess>(start: () => Process): Process | string {
  try {
    const started = start()
    if (started.stdio !== undefined) return started
    started.once('error', () => {})
    return 'there are no descriptors left'
  } catch (error) {
    return errorText(error)
  }
}
