/** stop — end the daemon and wait until it is gone. */
import {Command} from '@oclif/core'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {whichDaemon} from '../daemon/cli/flags.ts'
import {locate} from '../daemon/cli/locate.ts'
import {stopProcess} from '../daemon/cli/stop-process.ts'

export default class Stop extends Command {
  static override summary = 'Stop the daemon.'
  static override description =
    'Mail in hand is not acknowledged and stays with the MTA. Works with a configuration that does not parse, too: the daemon is then found by -P, or by the command line it was started with.'
  static override examples = ['<%= config.bin %> stop', '<%= config.bin %> stop -P /run/amavis/amavisd.pid']
  static override flags = whichDaemon

  async run(): Promise<void> {
    const {flags} = await this.parse(Stop)
    const {pid, pidFile, problems, remark} = await locate(daemonOptions(flags, 'daemon'), flags['pid-file'])
    if (pid === undefined) {
      for (const problem of problems) this.logToStderr(problem)
      this.logToStderr(`The amavisd daemon is apparently not running, no PID file ${pidFile ?? '(unknown)'}`)
      this.exit(1)
    }
    if (remark !== undefined) this.logToStderr(remark)
    const signal = await stopProcess(pid, {
      say: line => this.log(line),
      warn: line => this.logToStderr(line),
    })
    this.log(`Daemon [${pid}] terminated by ${signal}`)
  }
}
