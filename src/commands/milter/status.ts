/** milter status — what the milters do, process by process. */
import {Command, Flags} from '@oclif/core'
import {milterFlags, siteOf} from '../../milter/cli.ts'
import {chosen, look} from '../../milter/operate.ts'
import {milterReport} from '../../milter/report.ts'

const NONE_RUNNING = 3

export default class MilterStatus extends Command {
  static override summary = 'Show the milters, their processes and connections.'
  static override description =
    `vsz and rss in MiB. slots=a/b: the most that were ever occupied, and all there are, of which half are for processes
that retire; acc=a/b/c: connections of the process, of all that had the slot, and how many those were; req:
connections now, with * when the process retires; interp=x/y: contexts of the process that answered, and what one
may have.
Exit status: 0, or 3 when none runs.`
  static override flags = {
    ...milterFlags,
    verbose: Flags.boolean({char: 'v', description: 'memory, ages, who answered, empty slots'}),
    json: Flags.boolean({description: 'one JSON object a milter, in lines'}),
    watch: Flags.boolean({description: 'show it anew each second on a terminal, until q or ctrl-c'}),
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(MilterStatus)
    const site = siteOf(flags)
    const {plans, unknown} = chosen(site, argv.map(String), () => true)
    for (const {text} of unknown) this.logToStderr(text)
    const findings = async () => (await Promise.all(plans.map(plan => look(site, plan)))).flat()
    if (flags.watch && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {showMilters} = await import('../../tui/milter/show.ts')
      return showMilters(findings)
    }
    const found = await findings()
    if (site.milters.length === 0) this.log('no milters configured')
    else if (flags.json)
      for (const one of found)
        this.log(JSON.stringify(one.kind === 'running' ? {...one.state, kind: 'running'} : one))
    else process.stdout.write(milterReport(found, flags.verbose))
    if (unknown.length > 0) this.exit(1)
    if (found.every(({kind}) => kind === 'stopped')) this.exit(NONE_RUNNING)
  }
}
