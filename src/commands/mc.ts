/** mc — bring up the services of the bus and keep them up. */
import path from 'node:path'
import {Command, Flags} from '@oclif/core'
import {busFlags, planOf} from '../bus/cli/flags.ts'
import {AmavisError, errorText} from '../errors.ts'

export default class Mc extends Command {
  static override summary = 'Start the services of the monitoring bus and keep them up.'
  static override description =
    `Runs msg-forwarder, childproc-minder, snmp-responder and, unless $bus_recording is off, flight-recorder, and
starts again what ends: after 1 s at
first, then ever later up to a minute. Goes to the background unless -f is given. Where an address is
taken it says so, starts nothing and exits with status 1.

SIGTERM, SIGINT and SIGHUP end it and its services.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -f -d 2 -c /etc/amavis/amavisd.conf',
  ]
  static override flags = {
    ...busFlags,
    'pid-file': Flags.string({
      char: 'P',
      helpValue: '<file>',
      description: 'PID file; default: $MYHOME/amavis-mc.pid',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Mc)
    try {
      const {home, ...rest} = await planOf(flags)
      const pidFile = flags['pid-file'] ?? (home ? `${home}/amavis-mc.pid` : undefined)
      const plan = {...rest, ...(pidFile !== undefined && {pidFile: path.resolve(pidFile)})}
      const {becomeMc, startMc} = await import('../bus/start-mc.ts')
      if (flags.foreground) becomeMc(plan)
      const started = await startMc(plan)
      if (started.kind === 'failed') throw new AmavisError('AM_DAEMON', started.problem)
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis mc: ${line}`)
      this.exit(1)
    }
  }
}
