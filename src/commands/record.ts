/** record — keep what the bus says, to be looked at later. */
import {Args, Command, Flags} from '@oclif/core'
import {endpointsOf, responderFlag, withMessages} from '../tui/view-command.ts'

const MEGABYTE = 1024 * 1024

export default class Record extends Command {
  static override summary = 'Record what the monitoring bus says.'
  static override description =
    `Writes into a folder of segments, and removes the oldest ones so that they never take more than --size. Ends
on SIGTERM or SIGINT. A crash loses the last second at most.

"amavis mc" records by itself, into $bus_recording_directory; this is for another place, size or machine.
"amavis nanny", "agent", "status" and "timing" show a recording with --replay, from any moment with --at.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> /var/lib/amavis/bus-record --size 512',
    'amavis nanny --replay /var/lib/amavis/bus-record --at 2026-11-22T03:10 --speed 4',
    'amavis agent --once --replay /var/lib/amavis/bus-record --at end',
  ]
  static override args = {folder: Args.string({required: true, description: 'where to, made when missing'})}
  static override flags = {
    size: Flags.integer({
      min: 1,
      max: 1_000_000,
      default: 64,
      helpValue: '<MB>',
      description: 'the most that all segments take',
    }),
    connect: Flags.string({helpValue: '<endpoint>', description: 'bus to listen to'}),
    ...responderFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Record)
    const stop = new AbortController()
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => stop.abort())
    const {buses, responder} = await endpointsOf({
      connect: flags.connect === undefined ? undefined : [flags.connect],
      'snmp-connect': flags['snmp-connect'],
    })
    const {runRecorder} = await import('../bus/recording/recorder.ts')
    const {openMcLog} = await import('../bus/mc-log.ts')
    const {log, close} = openMcLog({log: 'stderr', level: 0, facility: 'mail'}, 'amavis-record')
    await withMessages(this, () =>
      runRecorder({
        bus: buses[0] ?? '',
        responder,
        folder: args.folder,
        maxBytes: flags.size * MEGABYTE,
        log,
        signal: stop.signal,
      }),
    )
    await close()
  }
}
