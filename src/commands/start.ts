/** start — start the daemon and return when it takes mail. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {startDaemon} from '../daemon/cli/start-daemon.ts'

export default class Start extends Command {
  static override summary = 'Start the daemon.'
  static override description =
    'Returns when the daemon takes mail, silently and with status 0, or says why it cannot be started. Brings up "amavis mc" too where the configuration publishes on the bus.'
  static override examples = [
    '<%= config.bin %> start',
    '<%= config.bin %> start -c /etc/amavis/amavisd.conf -m 8',
  ]
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(Start)
    process.exit(await startDaemon(daemonOptions(flags, 'daemon')))
  }
}
