/** quarantine list — what is in quarantine, newest first. */
import {Command, Flags} from '@oclif/core'
import {
  quarantineFlags,
  selectionFlags,
  selectionOf,
  whichQuarantine,
} from '../../actions/quarantine/cli/flags.ts'
import {newest} from '../../actions/quarantine/newest.ts'
import {errorText} from '../../errors.ts'
import {columnsOf} from '../../tui/config/lines.ts'
import {itemJson, itemLines, JSON_FIELDS, sizeText} from '../../tui/quarantine/page.ts'
import {createTheme} from '../../tui/theme.ts'
import {visibleJson, visibleText} from '../../tui/visible.ts'

export default class QuarantineList extends Command {
  static override summary = 'List the mail in quarantine, newest first.'
  static override description = `Reads the files below $QUARANTINEDIR; filters narrow each other down.

With --json one object: items, files and octets (all that are meant), unreadable. ${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --category spam --newer 1d',
    '<%= config.bin %> <%= command.id %> --recipient user@example.com',
    `<%= config.bin %> <%= command.id %> --json | jq -r '.items[] | select(.score < 10) | .name'`,
  ]
  static override flags = {
    ...quarantineFlags,
    ...selectionFlags,
    limit: Flags.integer({
      min: 1,
      max: 100_000,
      default: 100,
      helpValue: '<n>',
      description: 'so many at most',
    }),
    json: Flags.boolean({description: 'print JSON'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(QuarantineList)
    try {
      const {root} = whichQuarantine(flags)
      const {items, files, octets, unreadable} = await newest(root, selectionOf(flags), flags.limit)
      if (flags.json) {
        this.log(visibleJson({items: items.map(itemJson), files, octets, unreadable}))
        return
      }
      for (const {name, reason} of unreadable) this.logToStderr(visibleText(`${name}: ${reason}`))
      if (items.length > 0)
        for (const line of itemLines(items, createTheme(process.env), columnsOf(process.stdout)))
          this.log(line)
      const shown = items.length < files ? `${items.length} of ` : ''
      this.log(`${shown}${files} in quarantine, ${sizeText(octets)} octets`)
    } catch (error) {
      this.logToStderr(errorText(error))
      this.exit(1)
    }
  }
}
