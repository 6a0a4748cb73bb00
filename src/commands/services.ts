/** services — one service of the bus, by itself. */
import {Args, Command} from '@oclif/core'
import {busFlags, planOf} from '../bus/cli/flags.ts'
import {RECORDER, SERVICES, serviceNamed} from '../bus/services.ts'
import {errorText} from '../errors.ts'

export default class Services extends Command {
  static override summary = 'Run one service of the monitoring bus.'
  static override description =
    `msg-forwarder passes on what the daemon's processes say; childproc-minder watches over them, ends those that
are stuck and reports; snmp-responder adds up counters and answers questions; snmp-aggregator
is its first name; flight-recorder keeps what is said in $bus_recording_directory. "amavis mc" runs all of them.

Stays in the foreground; -f only makes it log to standard error. SIGTERM and SIGINT end it.`
  static override examples = ['<%= config.bin %> <%= command.id %> msg-forwarder -f -d 2']
  static override args = {
    service: Args.string({
      required: true,
      options: [...SERVICES, 'snmp-aggregator', RECORDER],
      description: 'the service',
    }),
  }
  static override flags = busFlags

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Services)
    const name = serviceNamed(args.service) ?? SERVICES[0]
    try {
      const plan = await planOf(flags)
      const {runAlone} = await import('../bus/run-alone.ts')
      await runAlone(name, plan)
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis services ${name}: ${line}`)
      this.exit(1)
    }
  }
}
