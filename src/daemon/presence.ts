/**
 * presence — how a running master is found and spoken to: its PID file and its control socket.
 */
import type {Control} from '../process/control-socket.ts'
import {leavePidFile, takePidFile} from '../process/pid-file.ts'
import type {RunAs} from '../process/privileges.ts'
import {type ControlReply, type ControlRequest, openControl} from './control.ts'
import type {Plan} from './plan.ts'
import {MASTER} from './title.ts'

type Places = Pick<Plan, 'pidFile' | 'controlSocket'>

export class Presence {
  readonly #answer: (request: ControlRequest) => Promise<ControlReply>
  #pidFile: string | undefined
  #control: Control | undefined

  constructor(answer: (request: ControlRequest) => Promise<ControlReply>) {
    this.#answer = answer
  }

  /**
   * Be the one master of a PID file.
   * @param predecessor whose place this process takes
   * @param owner the daemon's user where we are root: a successor, which is not, puts its own number in
   * @returns why a file that was there was not believed, or undefined
   * @throws AmavisError AM_DAEMON when another master runs, or when the file cannot be written
   */
  claim({pidFile}: Places, predecessor = 0, owner: RunAs | undefined = undefined): string | undefined {
    const stale = takePidFile(pidFile, MASTER, {successorOf: predecessor, owner})
    this.#pidFile = pidFile
    return stale
  }

  /** @throws AmavisError AM_DAEMON when the control socket cannot be made */
  async open({controlSocket}: Places): Promise<void> {
    this.#control = await openControl(controlSocket, this.#answer)
  }

  /**
   * A new configuration may name other places.
   * @throws AmavisError AM_DAEMON when one of them cannot be had; the old ones stay then
   */
  async move(before: Places, after: Places): Promise<void> {
    const old = this.#control
    const isElsewhere = before.controlSocket !== after.controlSocket
    if (isElsewhere) await this.open(after)
    try {
      if (before.pidFile !== after.pidFile) this.claim(after)
    } catch (error) {
      if (isElsewhere) this.close()
      this.#control = old
      throw error
    }
    if (before.pidFile !== after.pidFile) leavePidFile(before.pidFile)
    if (isElsewhere) old?.close()
  }

  /** Take no more commands. */
  close(): void {
    this.#control?.close()
    this.#control = undefined
  }

  /** Be found no more. */
  leave(): void {
    this.close()
    if (this.#pidFile !== undefined) leavePidFile(this.#pidFile)
  }
}
