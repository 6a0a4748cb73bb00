/** test-config — whether the daemon could be started, or reloaded, with this configuration. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {readConfiguration} from '../daemon/read-configuration.ts'

export default class TestConfig extends Command {
  static override summary = 'Check the configuration.'
  static override description =
    "Silent with status 0 when it is good; otherwise prints what is wrong and where. As root, checks with the eyes of the daemon's user."
  static override examples = ['<%= config.bin %> test-config -c /etc/amavis/amavisd.conf']
  static override flags = daemonFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(TestConfig)
    const result = await readConfiguration({options: daemonOptions(flags, 'daemon'), announce: 0})
    for (const line of result.kind === 'ok' ? result.warnings : result.problems) this.logToStderr(line)
    if (result.kind === 'failed') this.exit(1)
  }
}
