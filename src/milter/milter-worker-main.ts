/**
 * milter-worker-main — the entry of a process of a milter's pool. Its orders come on standard input.
 */
import {readFileSync} from 'node:fs'
import v8 from 'node:v8'
import {addDirectoryFields} from '../config/directory-fields.ts'
import type {Snapshot} from '../config/snapshot.ts'
import {settingsOf} from '../config/view.ts'
import {createMailService, type MailService, publisherFor} from '../daemon/mail-service.ts'
import {Title} from '../daemon/title.ts'
import {openLog} from '../log/log-plan.ts'
import {bankNames} from '../lookup/bank-names.ts'
import {failToBegin, say} from '../process/channel.ts'
import {optimizeEarly} from '../process/optimize-early.ts'
import {TaskIds} from '../session/task-ids.ts'
import type {FromWorker, ToWorker, WorkerOrders} from './messages.ts'
import {Voice} from './voice.ts'
import {Worker} from './worker.ts'

const FINISH_LIMIT_MS = 6000

const send: (message: FromWorker, handle?: unknown, sent?: () => void) => void = say

async function main(): Promise<void> {
  if (!process.send) throw new Error('this program is started by the master of a milter')
  const orders = v8.deserialize(readFileSync(0)) as WorkerOrders
  optimizeEarly(0)
  process.title = `amavis-milter ${orders.name} (worker)`
  if (orders.path !== '') process.env['PATH'] = orders.path
  const snapshot = v8.deserialize(orders.snapshot) as Snapshot
  addDirectoryFields(snapshot)
  const protocol = snapshot.variables.get('$protocol')
  if (protocol?.kind === 'scalar') protocol.value = 'MILTER'
  const runSub = snapshot.hasSubs ? (await import('../config/run-sub.ts')).subRunner(snapshot) : undefined

  let first: MailService | undefined
  const {log, close} = openLog(orders.log, (level, text) => first?.logged(level, text))
  const settings = settingsOf(snapshot, runSub).withBanks(bankNames(orders.banks, ''), (line, level) =>
    log.write(level, line),
  )
  const publisher = publisherFor(settings, log)
  publisher.state('-')
  const voice = new Voice(publisher)
  const connections = {connections: 0}
  const exit = (status: number) => {
    setTimeout(() => process.exit(status), FINISH_LIMIT_MS).unref()
    void Promise.allSettled([publisher.close(), close()]).then(() => process.exit(status))
  }
  const worker = new Worker({
    async makeContext() {
      const context = await createMailService({
        settings,
        log,
        title: new Title(() => {}),
        spamHelper: orders.spamHelper,
        manners: orders.manners,
        answered: () => send({type: 'answered'}),
        publisher: voice.speaker(),
        taskIds: new TaskIds(process.pid, connections),
      })
      first ??= context
      return context
    },
    send,
    log,
    exit,
  })
  process.on('message', (message, handle) => worker.take(message as ToWorker, handle))
  // An orphan finishes what it has.
  process.on('disconnect', () => worker.retire())
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => worker.retire())
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => void worker.abort())
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.write(-3, `TROUBLE: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
      void worker.abort()
    })
  }
  await worker.begin()
}

main().catch(failToBegin)
