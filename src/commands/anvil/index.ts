/** anvil — the topic by itself: what there is, and a word to who made it a service of Postfix's master. */
import {Command} from '@oclif/core'
import {masterAdvice} from '../../anvil/cli/flags.ts'

export default class Anvil extends Command {
  static override summary =
    "Count SMTP clients' connections and requests, in the place of Postfix's own anvil."
  static override hidden = true
  static override strict = false

  async run(): Promise<void> {
    const advice = masterAdvice(this.argv)
    const lines = advice ?? 'usage: amavis anvil start|stop|reload|status|foreground'
    for (const line of lines.split('\n')) this.logToStderr(`amavis anvil: ${line}`)
    this.exit(advice === undefined ? 2 : 1)
  }
}
