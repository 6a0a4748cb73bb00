/** milter restart — new masters in the place of those that run. */
import {Command} from '@oclif/core'
import {each, milterFlags, siteOf} from '../../milter/cli.ts'
import {chosen, restart, runningPid} from '../../milter/operate.ts'

export default class MilterRestart extends Command {
  static override summary = 'Restart milters: those named, or all that run. Applies a changed configuration.'
  static override description =
    'The new one takes connections as soon as the old one has let go of the port; the old one ends with its last connection.'
  static override flags = milterFlags
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(MilterRestart)
    const site = siteOf(flags)
    const {plans, unknown} = chosen(site, argv.map(String), plan => runningPid(site, plan) !== undefined)
    const status = await each(this, plans, unknown, 'no milters running', plan => restart(site, plan))
    if (status !== 0) this.exit(status)
  }
}
