/** anvil stop — end the counting server. */
import {Command} from '@oclif/core'
import {runningAnvil, whichAnvil} from '../../anvil/cli/flags.ts'
import {stopProcess} from '../../daemon/cli/stop-process.ts'

export default class AnvilStop extends Command {
  static override summary = 'Stop the counting server.'
  static override description =
    'Postfix goes on without limits, a second later with each request, until it has an anvil again.'
  static override flags = whichAnvil

  async run(): Promise<void> {
    const {flags} = await this.parse(AnvilStop)
    const {pid, plan} = runningAnvil(flags)
    if (pid === undefined) {
      this.logToStderr(`amavis anvil: it does not run, no PID file ${plan.pidFile}`)
      this.exit(1)
    }
    await stopProcess(pid, {say: text => this.log(text), warn: text => this.logToStderr(text)})
  }
}
