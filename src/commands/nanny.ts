/** nanny — the child processes, on a screen or as text. */
import {Command} from '@oclif/core'
import {JSON_FIELDS} from '../tui/nanny/json.ts'
import {endpointsOf, runTextView, viewFlags, withMessages} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 2000

export default class Nanny extends Command {
  static override summary = 'Show the child processes and what each of them does.'
  static override description =
    `On a terminal a screen that follows the children live; press ? in it for its keys.
Without one, or with --once or -c, lines in the format of amavisd-nanny.

The state letters: A connection accepted, b protocol begins, m MAIL FROM, d data, = checking begins,
G mail_id, D decoding, V virus scan, S spam scan, P pen pals, r result, Q quarantine and notifications,
F forwarding, . done; dots are idle seconds.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --once --connect tcp://mx1.example.com:23232',
    `<%= config.bin %> <%= command.id %> --json -w 10 | jq -c '.children[] | select(.elapsed_ms > 60000)'`,
  ]
  static override flags = viewFlags
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Nanny)
    const wantsText = flags.once || flags.count !== undefined || flags.json || flags.classic
    if (!wantsText && argv.length === 0 && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {buses} = await endpointsOf(flags)
      const {showNanny} = await import('../tui/nanny/show.tsx')
      await withMessages(this, () => showNanny({endpoints: buses, readOnly: flags['read-only']}))
      return
    }
    await runTextView(this, 'nanny', flags, argv as string[], async options => {
      const {printNanny} = await import('../tui/nanny/plain.ts')
      return printNanny({
        ...options,
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: flags.json,
        classic: flags.classic,
        readOnly: flags['read-only'],
      })
    })
  }
}
