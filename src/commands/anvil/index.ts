/** anvil — the topic by itself: what there is, and a word to who made it a service of Postfix's master. */
import {Command} from '@oclif/core'
import {refuseMaster} from '../../anvil/cli/postfix-master.ts'

export default class Anvil extends Command {
  static override summary =
    "Count SMTP clients' connections and requests, in the place of Postfix's own anvil."
  static override hidden = true
  static override strict = false

  async run(): Promise<void> {
    await refuseMaster(this)
    this.logToStderr('amavis anvil: usage: amavis anvil start|stop|reload|status|foreground')
    this.exit(2)
  }
}
