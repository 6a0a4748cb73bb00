/** agent — the daemon's counters with their rates and shares. */
import {Command, Errors, Flags} from '@oclif/core'
import {CSV_FIELDS} from '../tui/agent/csv.ts'
import {JSON_FIELDS} from '../tui/agent/json.ts'
import {keysText, TABLE_ACTIONS} from '../tui/keys.ts'
import {endpointsOf, responderFlag, runTextView, viewFlags, withMessages} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 10_000

export default class Agent extends Command {
  static override summary = "Show the daemon's counters, their rates and shares."
  static override description =
    `On a terminal a live table: value, rate an hour, growth in the last minute, per cent of the counter it is a
part of, and the last ten minutes; virus names and systems after the counters. Without a terminal, with --once
or -c, lines in the format of amavisd-agent: value, rate an hour, per cent of the counter in parentheses.
Rates are since the start of the daemon, and over the last five minutes once 150 s have been watched.
Of several responders (--connect or --snmp-connect more than once) the counters are added; one that answers no more
counts with its last answer, and the view names it.

Keys: ${keysText(TABLE_ACTIONS)}.

${JSON_FIELDS}

${CSV_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --once | grep ^Content',
    '<%= config.bin %> <%= command.id %> -w 60 --snmp-connect tcp://mx1.example.com:23233',
    `<%= config.bin %> <%= command.id %> --once --json | jq .variables.InMsgs.per_hour`,
  ]
  static override flags = {
    ...viewFlags,
    ...responderFlag,
    csv: Flags.boolean({description: 'print comma separated values', exclusive: ['json', 'classic']}),
    filter: Flags.custom<RegExp>({
      helpValue: '<regexp>',
      description: 'show only names that match, upper and lower case alike',
      exclusive: ['classic'],
      parse: async text => {
        try {
          return new RegExp(text, 'i')
        } catch {
          throw new Errors.CLIError(`not a regular expression: "${text}"`)
        }
      },
    })(),
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Agent)
    const {json, csv, filter, classic} = flags
    const wantsText = flags.once || flags.count !== undefined || json || csv || classic
    if (!wantsText && argv.length === 0 && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {responders, clock} = await withMessages(this, () => endpointsOf(flags))
      const {showAgent} = await import('../tui/agent/show.ts')
      const waitMs = flags.wait === undefined ? DEFAULT_WAIT_MS : flags.wait * 1000
      return withMessages(this, () => showAgent(responders, waitMs, {clock, filter: filter?.source}))
    }
    await runTextView(this, 'agent', flags, argv as string[], async options => {
      const {printAgent} = await import('../tui/agent/plain.ts')
      const loops = classic || process.stdout.isTTY || options.waitMs !== undefined
      return printAgent({
        ...options,
        count: options.count ?? (loops ? undefined : 1),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json,
        csv,
        filter,
        classic,
      })
    })
  }
}
