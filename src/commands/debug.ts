/** debug — foreground, with everything logged to standard error. */
import {Command} from '@oclif/core'
import {daemonFlags, daemonOptions} from '../daemon/cli/flags.ts'
import {becomeMaster} from '../daemon/cli/launch.ts'

export default class Debug extends Command {
  static override summary = 'Run the daemon in the foreground and log everything to standard error.'
  static override examples = ['<%= config.bin %> debug -c ./amavisd.conf']
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(Debug)
    becomeMaster(daemonOptions(flags, 'debug'))
  }
}
