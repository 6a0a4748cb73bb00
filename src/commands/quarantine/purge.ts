/** quarantine purge — remove old mail from quarantine. */
import {Command, Flags} from '@oclif/core'
import {
  isSelective,
  quarantineFlags,
  selectionFlags,
  selectionOf,
  sizeFlag,
  whichQuarantine,
} from '../../actions/quarantine/cli/flags.ts'
import {purge} from '../../actions/quarantine/purge.ts'
import {errorText} from '../../errors.ts'
import {sizeText} from '../../tui/quarantine/page.ts'

export default class QuarantinePurge extends Command {
  static override summary = 'Remove mail from quarantine, by age, size, category and more.'
  static override description =
    `Removes files of mail below $QUARANTINEDIR, one after the other as the folder is read, so that a million of them
need neither memory nor a pause of the mail service. Other files, such as mailboxes, stay. Something has to be said of what is
to go; with --keep the oldest go until all that are meant take no more than so much. What a writer left half done is
removed after a day.

With --json one object: files, octets, failures, kept (files, octets). Exit status 1 when a file could not be removed.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --older 30d',
    '<%= config.bin %> <%= command.id %> --category spam --older 1w --dry-run',
    '<%= config.bin %> <%= command.id %> --keep 20G',
  ]
  static override flags = {
    ...quarantineFlags,
    ...selectionFlags,
    keep: sizeFlag({description: 'what all of them together may take'}),
    'dry-run': Flags.boolean({description: 'only say what would go'}),
    json: Flags.boolean({description: 'print JSON'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(QuarantinePurge)
    if (!isSelective(flags) && flags.keep === undefined) {
      this.logToStderr('say what is to go: --older, --larger, --category, --keep …')
      this.exit(2)
    }
    let failures: number
    try {
      const {root} = whichQuarantine(flags)
      const now = Date.now()
      const purged = await purge(root, {
        selection: selectionOf(flags, now),
        keep: flags.keep,
        dryRun: flags['dry-run'],
        now,
        failed: (name, reason) => this.logToStderr(`${name}: ${reason}`),
      })
      failures = purged.failures
      const {files, octets, kept} = purged
      if (flags.json) this.log(JSON.stringify(purged))
      else {
        const verb = flags['dry-run'] ? 'would go' : 'removed'
        this.log(
          `${files} ${verb}, ${sizeText(octets)} octets; ${kept.files} remain, ${sizeText(kept.octets)} octets`,
        )
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      this.exit(1)
    }
    if (failures > 0) this.exit(1)
  }
}
