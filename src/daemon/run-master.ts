/**
 * run-master — be the master, in the least time.
 *
 * The configuration reader, and a child that waits for its orders, are started before the master's own
 * program is loaded: three processes begin side by side.
 */
import {ChildHandle} from './child-process.ts'
import type {Inheritance, StartResult} from './messages.ts'
import type {DaemonOptions} from './options.ts'
import {readConfiguration} from './read-configuration.ts'
import type {ActivatedSocket} from './socket-activation.ts'

export interface RunOptions {
  readonly options: DaemonOptions
  readonly inheritance: Inheritance | undefined
  /** sockets that the service manager has bound for us */
  readonly activated?: readonly ActivatedSocket[]
  /** is told once whether mail can come */
  readonly report: (result: StartResult) => Promise<void>
  /** of an heir: resolves when the predecessor has let go of PID file and control socket */
  readonly predecessorDone?: () => Promise<void>
  /** of an heir: tells the predecessor that both are its own now */
  readonly tookOver?: () => void
}

/**
 * Resolves when the master has ended.
 * @returns the exit status: 0 stopped, 1 could not start
 */
export async function runMaster(run: RunOptions): Promise<number> {
  const {options, inheritance} = run
  const firstRead = readConfiguration({options, announce: inheritance ? 0 : process.pid})
  // Children of a master that was root inherit its user, so they cannot begin before it has dropped root.
  const staysWhoItIs = process.getuid?.() !== 0 || options.allowRoot
  const prepared = staysWhoItIs ? new ChildHandle() : undefined
  const {Master} = await import('./master.ts')
  return await new Master({
    predecessorDone: async () => {},
    tookOver() {},
    activated: [],
    ...run,
    firstRead,
    prepared,
  }).run()
}
