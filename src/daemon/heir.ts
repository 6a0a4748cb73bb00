/**
 * heir — a new master, of the program files now on disk, that inherits the listening sockets of this one.
 *
 * The sockets go over as inherited descriptors, so the kernel's queues never close. The heir says when its
 * children are up; until then this master serves as before, and an heir that fails changes nothing.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {entryFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'
import {
  FIRST_SOCKET_FD,
  type InheritedSocket,
  LET_GO,
  type MasterOrders,
  type StartResult,
} from './messages.ts'
import type {DaemonOptions} from './options.ts'

export interface Heir {
  readonly pid: number
  /** keys of the sockets it listens on */
  readonly takes: readonly string[]
  /** Let it have PID file and control socket; resolves when it has them, or is gone. */
  letGo(): Promise<void>
}

export type Raised =
  | {readonly kind: 'ok'; readonly heir: Heir}
  | {readonly kind: 'failed'; readonly problems: readonly string[]}

export function raiseHeir(options: DaemonOptions, sockets: readonly InheritedSocket[]): Promise<Raised> {
  const orders: MasterOrders = {
    options,
    inheritance: {
      pid: process.pid,
      sockets: sockets.map((socket, index) => ({...socket, fd: FIRST_SOCKET_FD + index})),
    },
    activated: [],
  }
  const heir = startProcess(() =>
    spawn(process.execPath, [entryFile('master-main')], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...sockets.map(({fd}) => fd)],
    }),
  )
  if (typeof heir === 'string')
    return Promise.resolve({kind: 'failed', problems: [`cannot start a new master: ${heir}`]})
  return new Promise(resolve => {
    const fail = (text: string) => resolve({kind: 'failed', problems: [text]})
    heir.once('error', error => fail(`cannot start a new master: ${error.message}`))
    heir.once('exit', (status, signal) => fail(`the new master ended early (${signal ?? `exit ${status}`})`))
    heir.once('message', message => {
      const result = message as StartResult
      if (result.kind === 'failed') return resolve(result)
      heir.unref()
      resolve({
        kind: 'ok',
        heir: {pid: result.pid, takes: result.sockets, letGo: () => letGo(heir)},
      })
    })
    heir.send(orders, () => {})
  })
}

/** Its only further word is that it took over. */
async function letGo(heir: ChildProcess): Promise<void> {
  // it may have died since it said that it is ready
  if (!heir.connected) return
  await new Promise<void>(resolve => {
    heir.once('message', () => resolve())
    heir.once('disconnect', resolve)
    heir.send(LET_GO, () => {})
  })
  if (heir.connected) heir.disconnect()
}
