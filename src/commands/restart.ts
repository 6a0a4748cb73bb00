/** restart — replace the daemon by a new one of the programs now on disk, without refusing a connection. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {locate} from '../daemon/cli/locate.ts'
import {startDetached} from '../daemon/cli/start-daemon.ts'
import {stopProcess} from '../daemon/cli/stop-process.ts'
import {askMaster} from '../daemon/control.ts'
import type {DaemonOptions} from '../daemon/options.ts'

export default class Restart extends Command {
  static override summary = 'Replace the running daemon by a new one.'
  static override description =
    'The new daemon takes over the listening sockets, so that no connection is refused; the old one finishes the mail it holds. If the new one cannot be started, the old one goes on. A daemon that does not run is started.'
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(Restart)
    const options = daemonOptions(flags, 'daemon')
    const {pid, plan, problems} = await locate(options, flags['pid-file'])
    if (!plan) return this.#fail(problems)
    if (pid === undefined) return await this.#start(options)
    const reply = await askMaster(plan.controlSocket, {command: 'restart', options})
    if (reply?.kind === 'ok') {
      this.log(`Daemon [${pid}] replaced by [${reply['pid']}]`)
      return
    }
    if (reply?.kind === 'failed')
      return this.#fail([...reply.problems, `the daemon [${pid}] goes on as before`])
    const why = reply ? reply.problems.join('; ') : `no answer on ${plan.controlSocket}`
    this.logToStderr(`stopping and starting instead of handing over: ${why}`)
    const signal = await stopProcess(pid, {say: line => this.log(line), warn: line => this.logToStderr(line)})
    this.log(`Daemon [${pid}] terminated by ${signal}, becoming a new daemon...`)
    await this.#start(options)
  }

  async #start(options: DaemonOptions): Promise<void> {
    const result = await startDetached(options)
    if (result.kind === 'failed') return this.#fail(result.problems)
    for (const warning of result.warnings) this.logToStderr(warning)
  }

  #fail(lines: readonly string[]): void {
    for (const line of lines) this.logToStderr(line)
    this.exit(1)
  }
}
