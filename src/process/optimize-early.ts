/**
 * optimize-early — has V8 use its best optimizer after 200 calls of a function, in the place of 3000.
 *
 * Much of our code runs once a mail: it would be fast only after some thousand mails of one process. The compiling
 * takes 2 s of a processor sooner than it would anyway, spread over the first thousand mails: not for a process that
 * ends before.
 */
import v8 from 'node:v8'

/** A process that takes fewer mails is better off with V8's own measure. */
const WORTHWHILE_TASKS = 3000

/** @param maxTasks after which this process ends; 0: none */
export function optimizeEarly(maxTasks: number): void {
  if (maxTasks === 0 || maxTasks >= WORTHWHILE_TASKS)
    v8.setFlagsFromString('--invocation-count-for-turbofan=200')
}
