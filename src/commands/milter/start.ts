/** milter start — milters in the background. */
import {Command} from '@oclif/core'
import {each, milterFlags, siteOf} from '../../milter/cli.ts'
import {chosen, runningPid, start} from '../../milter/operate.ts'

export default class MilterStart extends Command {
  static override summary = 'Start milters: those named, or all that are enabled and do not run.'
  static override description =
    `A milter is what $milter{'NAME'} says; @milters gives their order. Returns when each listens and has its first
process ready. Postfix is told of it with "smtpd_milters = inet:127.0.0.1:PORT".`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> policy outbound',
  ]
  static override flags = milterFlags
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(MilterStart)
    const site = siteOf(flags)
    const names = argv.map(String)
    const {plans, unknown} = chosen(site, names, plan => plan.enabled && runningPid(site, plan) === undefined)
    const nothing = site.milters.length === 0 ? 'no milters configured' : 'all enabled milters are running'
    const status = await each(this, plans, unknown, nothing, plan => start(site, plan))
    if (status !== 0) this.exit(status)
  }
}
