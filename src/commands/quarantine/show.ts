/** quarantine show — one mail in quarantine. */
import {createReadStream} from 'node:fs'
import path from 'node:path'
import {pipeline} from 'node:stream/promises'
import {createGunzip} from 'node:zlib'
import {Args, Command, Flags} from '@oclif/core'
import {quarantineFlags, whichQuarantine} from '../../actions/quarantine/cli/flags.ts'
import {findItem} from '../../actions/quarantine/find.ts'
import {errorText} from '../../errors.ts'
import {itemJson, itemPage, JSON_FIELDS} from '../../tui/quarantine/page.ts'
import {createTheme} from '../../tui/theme.ts'
import {visibleJson} from '../../tui/visible.ts'

export default class QuarantineShow extends Command {
  static override summary = 'Show a mail in quarantine: whose, for whom, and why it is there.'
  static override description =
    `The mail is named by its file below $QUARANTINEDIR, or by its mail_id. ${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %> NgEwjSMKJSYr',
    '<%= config.bin %> <%= command.id %> --raw spam-NgEwjSMKJSYr.gz | less',
  ]
  static override args = {mail: Args.string({required: true, description: 'name or mail_id'})}
  static override flags = {
    ...quarantineFlags,
    raw: Flags.boolean({description: 'print the file as it is, unpacked', exclusive: ['json']}),
    json: Flags.boolean({description: 'print JSON'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(QuarantineShow)
    try {
      const {root} = whichQuarantine(flags)
      const item = await findItem(root, args.mail)
      if (!item) throw new Error(`there is no mail ${args.mail} in ${root}`)
      if (flags.raw) {
        const file = createReadStream(path.join(root, item.name))
        await (item.name.endsWith('.gz')
          ? pipeline(file, createGunzip(), process.stdout, {end: false})
          : pipeline(file, process.stdout, {end: false}))
      } else if (flags.json) this.log(visibleJson(itemJson(item)))
      else for (const line of itemPage(item, createTheme(process.env))) this.log(line)
    } catch (error) {
      this.logToStderr(errorText(error))
      this.exit(1)
    }
  }
}
