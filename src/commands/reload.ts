/** reload — have the daemon read its configuration again, and say what became of it. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {whichDaemon} from '../daemon/cli/flags.ts'
import {locate} from '../daemon/cli/locate.ts'
import {askMaster} from '../daemon/control.ts'

export default class Reload extends Command {
  static override summary = 'Have the daemon read its configuration again.'
  static override description =
    'Returns when the new configuration is in force. One that is wrong changes nothing: what is wrong is printed, and the status is 1. No connection is refused meanwhile.'
  static override flags = whichDaemon

  async run(): Promise<void> {
    const {flags} = await this.parse(Reload)
    const {pid, plan, pidFile, problems} = await locate(daemonOptions(flags, 'daemon'), flags['pid-file'])
    if (!plan) return this.#fail([...problems, 'not reloaded: the configuration is wrong'])
    if (pid === undefined) {
      return this.#fail([`The amavisd daemon is apparently not running, no PID file ${pidFile}`])
    }
    const reply = await askMaster(plan.controlSocket, {command: 'reload'})
    if (!reply) return this.#fail([`the daemon [${pid}] does not answer on ${plan.controlSocket}`])
    if (reply.kind !== 'ok') return this.#fail([...reply.problems, 'not reloaded: nothing has changed'])
    for (const warning of reply.warnings ?? []) this.logToStderr(warning)
  }

  #fail(lines: readonly string[]): void {
    for (const line of lines) this.logToStderr(line)
    this.exit(1)
  }
}
