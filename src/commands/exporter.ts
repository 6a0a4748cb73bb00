/** exporter — counters for Prometheus, and whether all is well for orchestrators. */
import {Command, Flags} from '@oclif/core'
import {AmavisError, errorText} from '../errors.ts'
import {endpointsOf} from '../tui/view-command.ts'

export default class Exporter extends Command {
  static override summary = 'Serve the counters to Prometheus, and health checks.'
  static override description = `Answers over HTTP:
/metrics  all counters and gauges in Prometheus's text format; amavis-counters(7) has their names
/healthz  200 when the services of the bus are alive, else 503 and the reason
/readyz   200 when the daemon has children besides, else 503 and the reason

Listens on the loopback only unless told otherwise; anybody who can reach the port can read the counters.
Ends with SIGTERM or SIGINT.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --listen [::1]:9100 --connect tcp://127.0.0.1:23232',
  ]
  static override flags = {
    listen: Flags.string({
      helpValue: '<host:port>',
      default: '127.0.0.1:23234',
      description: 'address to listen on',
    }),
    connect: Flags.string({helpValue: '<endpoint>', description: 'bus to listen to'}),
    'snmp-connect': Flags.string({
      helpValue: '<endpoint>',
      description: 'snmp-responder to ask; by default the one beside the bus',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Exporter)
    try {
      const connect = flags.connect === undefined ? undefined : [flags.connect]
      const {buses, responder} = await endpointsOf({connect, 'snmp-connect': flags['snmp-connect']})
      const end = new AbortController()
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end.abort())
      const {startExporter} = await import('../exporter/server.ts')
      const {host, port} = listenAddress(flags.listen)
      if (!/^(?:127\.|::1$|localhost$)/.test(host)) {
        this.logToStderr(`amavis exporter: ${flags.listen} can be reached from other machines`)
      }
      const {ended} = await startExporter({bus: buses[0] ?? '', responder, host, port, signal: end.signal})
      await ended
    } catch (error) {
      this.logToStderr(`amavis exporter: ${errorText(error)}`)
      process.exitCode = error instanceof AmavisError && error.code === 'AM_USAGE' ? 2 : 1
    }
  }
}

/** @throws AmavisError AM_USAGE for anything but HOST:PORT and [IPv6]:PORT */
function listenAddress(text: string): {readonly host: string; readonly port: number} {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new AmavisError('AM_USAGE', `--listen ${text}: expected host:port`)
  return {host: match[1] ?? match[2] ?? '', port}
}
