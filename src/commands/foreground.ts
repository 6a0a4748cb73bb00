/** foreground — be the daemon, without leaving the terminal or the supervisor that started it. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {startDaemon} from '../daemon/cli/start-daemon.ts'

export default class Foreground extends Command {
  static override summary = 'Run the daemon in the foreground.'
  static override description =
    'Logs as configured. For systemd and containers: the process stays the same from start to end.'
  static override examples = ['<%= config.bin %> foreground -c ./amavisd.conf']
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(Foreground)
    process.exit(await startDaemon(daemonOptions(flags, 'foreground')))
  }
}
