/** milter stop — end milters, politely or not. */
import {Command} from '@oclif/core'
import {each, milterFlags, siteOf, USAGE_STATUS} from '../../milter/cli.ts'
import {chosen, look, signalOf, stop} from '../../milter/operate.ts'

export default class MilterStop extends Command {
  static override summary = 'Stop milters: those named, or all that run.'
  static override description =
    `A signal may come first, by name or number. HUP, which is the default, and TERM: no more connections are taken, and
those that are open run to their end. INT: they are dropped, and all is tidied up. KILL: nothing is.`
  static override usage = 'milter stop [-SIGNAL] [NAME…]'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -INT policy',
  ]
  static override flags = milterFlags
  static override strict = false

  async run(): Promise<void> {
    const {word, rest} = leadingSignal(this.argv)
    const signal = word === undefined ? 'SIGHUP' : signalOf(word)
    if (signal === undefined) {
      this.logToStderr(
        `amavis milter stop: there is no signal ${word}; usage: amavis milter stop [-signal] [name…]`,
      )
      this.exit(USAGE_STATUS)
    }
    const {flags, argv} = await this.parse(MilterStop, rest)
    const site = siteOf(flags)
    const running = new Set<string>()
    for (const plan of site.milters) {
      const [found] = await look(site, plan)
      if (found?.kind !== 'stopped') running.add(plan.name)
    }
    const {plans, unknown} = chosen(site, argv.map(String), ({name}) => running.has(name))
    const status = await each(this, plans, unknown, 'no milters running', plan => stop(site, plan, signal))
    if (status !== 0) this.exit(status)
  }
}

/** Our own options are single letters and words of two dashes; `-KILL` and `-9` are neither. */
function leadingSignal(argv: readonly string[]): {word: string | undefined; rest: string[]} {
  const [first = '', ...rest] = argv
  return /^-(?:\d+|[A-Za-z]{2}[A-Za-z0-9]*)$/.test(first)
    ? {word: first, rest}
    : {word: undefined, rest: [...argv]}
}
