/** timing — what the sections of the mails' processing cost. */
import {Command} from '@oclif/core'
import {JSON_FIELDS} from '../tui/timing/report.ts'
import {endpointsOf, runTextView, viewFlags, withMessages} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 10_000

const {classic: _classic, 'read-only': _readOnly, ...flags} = viewFlags

export default class Timing extends Command {
  static override summary = "Show how long each section of the mails' processing takes."
  static override description =
    `From the TIMING and TIMING-SA entries of the bus: count, mean, median, 95th percentile, share of the time,
and the slowest mail of each section. On a terminal a live table; press ? in it for its keys. Without one, or
with --once, -c or --json, text: the bus is listened to for -w seconds (10) before each display.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --once -w 60',
    `<%= config.bin %> <%= command.id %> --once --json | jq '.sections[] | select(.p95_ms > 1000) | .name'`,
  ]
  static override flags = flags

  async run(): Promise<void> {
    const parsed = {...(await this.parse(Timing)).flags, classic: false, 'read-only': true}
    const wantsText = parsed.once || parsed.count !== undefined || parsed.json || parsed.wait !== undefined
    if (!wantsText && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {buses, clock} = await withMessages(this, () => endpointsOf(parsed))
      const {showTiming} = await import('../tui/timing/show.ts')
      return withMessages(this, () => showTiming(buses, clock))
    }
    await runTextView(this, 'timing', parsed, [], async options => {
      const {printTiming} = await import('../tui/timing/plain.ts')
      return printTiming({
        ...options,
        count: options.count ?? (options.waitMs === undefined ? 1 : undefined),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: parsed.json,
      })
    })
  }
}
