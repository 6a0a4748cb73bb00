/**
 * child-main — the entry of a child process.
 *
 * Its orders come on standard input: the configuration of its generation, unread by the master. Imports
 * neither oclif nor Ink; what it keeps in memory is multiplied by $max_servers.
 */
import {readFileSync} from 'node:fs'
import v8 from 'node:v8'
import {addDirectoryFields} from '../config/directory-fields.ts'
import type {Snapshot} from '../config/snapshot.ts'
import {settingsOf} from '../config/view.ts'
import {openLog} from '../log/log-plan.ts'
import {failToBegin, say} from '../process/channel.ts'
import {optimizeEarly} from '../process/optimize-early.ts'
import {verifyUser} from '../process/privileges.ts'
import {Child, GRACE_MS} from './child.ts'
import {createMailService, type MailService} from './mail-service.ts'
import type {ChildOrders, FromChild} from './messages.ts'
import {Title} from './title.ts'

/** Time for all of it; after it the process ends whatever still holds it. */
const FINISH_LIMIT_MS = 6000

const send: (message: FromChild, handle?: unknown, sent?: () => void) => void = say

async function main(): Promise<void> {
  if (!process.send) throw new Error('this program is started by the master')
  const orders = v8.deserialize(readFileSync(0)) as ChildOrders
  optimizeEarly(orders.maxRequests)
  if (orders.uid >= 0) verifyUser(orders.uid)
  if (orders.path !== '') process.env['PATH'] = orders.path
  const snapshot = v8.deserialize(orders.snapshot) as Snapshot
  addDirectoryFields(snapshot)

  const runSub = snapshot.hasSubs ? (await import('../config/run-sub.ts')).subRunner(snapshot) : undefined

  let service: MailService | undefined
  const title = new Title()
  const {log, close} = openLog(orders.log, (level, text) => service?.logged(level, text))
  service = await createMailService({
    settings: settingsOf(snapshot, runSub),
    log,
    title,
    spamHelper: orders.spamHelper,
    announces: orders.describe ? orders.generation : undefined,
  })

  const exit = (status: number) => void close().finally(() => process.exit(status))
  const child = new Child({
    orders,
    service,
    log,
    title,
    exit,
    releaseMemory: () => void globalThis.gc?.({type: 'major', flavor: 'last-resort', execution: 'sync'}),
    channel: {
      send,
      onMessage: listener => void process.on('message', listener as (message: unknown) => void),
      onDisconnect: listener => void process.on('disconnect', listener),
    },
  })
  const end = (status: number) => {
    setTimeout(() => process.exit(status), FINISH_LIMIT_MS).unref()
    void child.end(status, status === 0 ? GRACE_MS : 0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => end(0))
  // the master reloads; a child that a terminal's end reaches finishes what it has
  process.on('SIGHUP', () => {})
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.write(-3, `TROUBLE: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
      end(1)
    })
  }
  child.run()
  if (orders.describe) send({type: 'loaded', entries: await service.loaded()})
}

main().catch(failToBegin)
