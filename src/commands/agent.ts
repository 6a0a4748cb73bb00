/** agent — the daemon's counters with their rates and shares. */
import {Command} from '@oclif/core'
import {JSON_FIELDS} from '../tui/agent/json.ts'
import {responderFlag, runTextView, viewFlags} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 10_000

export default class Agent extends Command {
  static override summary = "Show the daemon's counters, their rates and shares."
  static override description =
    `Lines in the format of amavisd-agent: value, rate an hour, per cent of the counter in parentheses. Rates
are since the start of the daemon, and over the last five minutes once 150 s have been watched. On a
terminal the display is repeated every 10 s; elsewhere it is shown once unless -c or -w is given.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --once | grep ^Content',
    '<%= config.bin %> <%= command.id %> -w 60 --snmp-connect tcp://mx1.example.com:23233',
    `<%= config.bin %> <%= command.id %> --once --json | jq .variables.InMsgs.per_hour`,
  ]
  static override flags = {...viewFlags, ...responderFlag}
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Agent)
    await runTextView(this, 'agent', flags, argv as string[], async options => {
      const {printAgent} = await import('../tui/agent/plain.ts')
      const loops = flags.classic || process.stdout.isTTY || options.waitMs !== undefined
      return printAgent({
        ...options,
        count: options.count ?? (loops ? undefined : 1),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: flags.json,
        classic: flags.classic,
      })
    })
  }
}
