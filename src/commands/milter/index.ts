/** milter — the topic by itself: what there is. */
import {Command} from '@oclif/core'
import {USAGE, USAGE_STATUS} from '../../milter/cli.ts'

export default class Milter extends Command {
  static override summary = 'Run milters of the configuration, each with a pool of processes.'
  static override hidden = true
  static override strict = false

  async run(): Promise<void> {
    this.logToStderr(USAGE)
    this.exit(USAGE_STATUS)
  }
}
