/** evidence list — work folders that were preserved. */
import {Command, Flags} from '@oclif/core'
import {configuredEvidence, evidenceFlags, evidenceJson} from '../../daemon/cli/evidence.ts'
import {errorText} from '../../errors.ts'
import {time} from '../../tui/quarantine/page.ts'
import {visibleJson, visibleText} from '../../tui/visible.ts'

export default class EvidenceList extends Command {
  static override summary = 'List the work folders of mail that could not be processed, newest first.'
  static override description =
    `Such mail stays with its client, which brings it again; the folder is for a person to find out why.

With --json an array: folder, reason, time (ISO 8601), files (name, size).`
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = {...evidenceFlags, json: Flags.boolean({description: 'print JSON'})}

  async run(): Promise<void> {
    const {flags} = await this.parse(EvidenceList)
    try {
      const evidence = configuredEvidence(flags)
      if (flags.json) this.log(visibleJson(evidence.map(evidenceJson)))
      else if (evidence.length === 0) this.log('nothing was preserved')
      else
        for (const {folder, reason, at} of evidence)
          this.log(`${time(at)} ${folder}  ${visibleText(firstLine(reason))}`)
    } catch (error) {
      this.logToStderr(errorText(error))
      this.exit(1)
    }
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
