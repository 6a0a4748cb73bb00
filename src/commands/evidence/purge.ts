/** evidence purge — remove preserved work folders. */
import {Command, Flags} from '@oclif/core'
import {olderFlag} from '../../actions/quarantine/cli/flags.ts'
import {configuredEvidence, evidenceFlags, namedEvidence} from '../../daemon/cli/evidence.ts'
import {removeEvidence} from '../../daemon/sweep.ts'
import {errorText} from '../../errors.ts'

export default class EvidencePurge extends Command {
  static override summary = 'Remove preserved work folders, those that are named or older than a time.'
  static override examples = ['<%= config.bin %> <%= command.id %> --older 2w']
  static override strict = false
  static override usage = 'evidence purge [FOLDER…] [--older TIME | --all] [--dry-run]'
  static override flags = {
    ...evidenceFlags,
    older: olderFlag,
    all: Flags.boolean({description: 'all of them'}),
    'dry-run': Flags.boolean({description: 'only say what would go'}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(EvidencePurge)
    if (argv.length === 0 && flags.older === undefined && !flags.all) {
      this.logToStderr('say what is to go: folders, --older, or --all')
      this.exit(2)
    }
    let isWell = true
    try {
      const before = flags.older === undefined ? Number.POSITIVE_INFINITY : Date.now() - flags.older
      const chosen = namedEvidence(configuredEvidence(flags), argv.map(String)).filter(({at}) => at < before)
      for (const evidence of chosen) {
        try {
          if (!flags['dry-run']) removeEvidence(evidence)
          this.log(`${flags['dry-run'] ? 'would go' : 'removed'}: ${evidence.folder}`)
        } catch (error) {
          isWell = false
          this.logToStderr(`${evidence.folder}: ${errorText(error)}`)
        }
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      isWell = false
    }
    if (!isWell) this.exit(1)
  }
}
