/**
 * master-main — the entry of a master that is a process of its own: detached by `start`, or the heir of a
 * running master. Its orders, and its answer when mail can come, go over the channel to its starter.
 */
import {errorText} from '../errors.ts'
import {type MasterOrders, type StartResult, TOOK_OVER} from './messages.ts'
import {runMaster} from './run-master.ts'

function say(message: StartResult | typeof TOOK_OVER): Promise<void> {
  if (!process.connected) return Promise.resolve()
  return new Promise(resolve => process.send?.(message, () => resolve()))
}

process.once('message', async orders => {
  // a predecessor that is gone has let go, too
  const predecessorGone = new Promise<void>(resolve => {
    process.once('message', () => resolve())
    process.once('disconnect', resolve)
  })
  try {
    const status = await runMaster({
      ...(orders as MasterOrders),
      report: say,
      predecessorDone: () => predecessorGone,
      tookOver: () => void say(TOOK_OVER),
    })
    process.exit(status)
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : errorText(error)
    await say({kind: 'failed', problems: [text]})
    process.exit(1)
  }
})
