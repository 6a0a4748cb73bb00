/** dashboard — charts of what the daemon does. */
import {Command} from '@oclif/core'
import {JSON_FIELDS} from '../tui/dashboard/report.ts'
import {endpointsOf, runTextView, viewFlags, withMessages} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 10_000

const {classic: _classic, 'read-only': _readOnly, ...flags} = viewFlags

export default class Dashboard extends Command {
  static override summary = 'Show charts: mail, content, timing, errors, queues.'
  static override description =
    `Four pages of charts over up to two hours, the slowest mails and the end of the log, from the bus. Keys 1 to 4
choose a page, + and - the time; several hosts are shown together or one by one (n); ? shows all keys. The mouse
chooses pages, its wheel the time. Without a terminal, or with --once, -c or --json, text: the bus is listened to
for -w seconds (10) before each display.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connect tcp://192.0.2.1:23232 --connect tcp://192.0.2.2:23232',
    `<%= config.bin %> <%= command.id %> --once --json | jq .values.mails`,
  ]
  static override flags = flags

  async run(): Promise<void> {
    const parsed = {...(await this.parse(Dashboard)).flags, classic: false, 'read-only': true}
    const wantsText = parsed.once || parsed.count !== undefined || parsed.json || parsed.wait !== undefined
    if (!wantsText && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {buses, clock} = await withMessages(this, () => endpointsOf(parsed))
      const {showDashboard} = await import('../tui/dashboard/show.ts')
      await withMessages(this, () => showDashboard(buses, clock))
      return this.exit(0)
    }
    await runTextView(this, 'timing', parsed, [], async options => {
      const {printDashboard} = await import('../tui/dashboard/show.ts')
      return printDashboard({
        ...options,
        count: options.count ?? (options.waitMs === undefined ? 1 : undefined),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: parsed.json,
      })
    })
  }
}
