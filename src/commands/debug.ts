/** debug — foreground, with everything logged to standard error. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {startDaemon} from '../daemon/cli/start-daemon.ts'

export default class Debug extends Command {
  static override summary = 'Run the daemon in the foreground and log everything to standard error.'
  static override examples = ['<%= config.bin %> debug -c ./amavisd.conf']
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(Debug)
    process.exit(await startDaemon(daemonOptions(flags, 'debug')))
  }
}
