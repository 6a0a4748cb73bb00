/**
 * master-main — the entry of a master that is a process of its own: detached by `start`, or the heir of a
 * running master. Its orders, and its answer when mail can come, go over the channel to its starter.
 */
import {errorText} from '../errors.ts'
import type {MasterOrders, StartResult} from './messages.ts'
import {runMaster} from './run-master.ts'

let reported = false

function report(result: StartResult): Promise<void> {
  if (reported || !process.connected) return Promise.resolve()
  reported = true
  return new Promise(resolve => process.send?.(result, () => resolve()))
}

process.once('message', message => {
  const gone = new Promise<void>(resolve => process.once('disconnect', resolve))
  runMaster({...(message as MasterOrders), report, predecessorDone: () => gone}).then(
    status => process.exit(status),
    error => {
      const text = error instanceof Error ? (error.stack ?? error.message) : errorText(error)
      void report({kind: 'failed', problems: [text]}).then(() => process.exit(1))
    },
  )
})
// a starter that is gone before it gave orders will not come back
process.once('disconnect', () => !reported && setImmediate(() => reported || process.exit(1)))
