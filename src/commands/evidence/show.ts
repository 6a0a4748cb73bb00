/** evidence show — one preserved work folder. */
import {Args, Command, Flags} from '@oclif/core'
import {
  configuredEvidence,
  evidenceFiles,
  evidenceFlags,
  evidenceHeader,
  evidenceJson,
  namedEvidence,
} from '../../daemon/cli/evidence.ts'
import {errorText} from '../../errors.ts'
import {time} from '../../tui/quarantine/page.ts'
import {visibleJson, visibleText} from '../../tui/visible.ts'

export default class EvidenceShow extends Command {
  static override summary = 'Show a preserved work folder: why it was kept, what is in it, whose mail it was.'
  static override examples = ['<%= config.bin %> <%= command.id %> amavis-20261122T150853-04711-Xy7_abcd']
  static override args = {folder: Args.string({required: true, description: 'with or without its path'})}
  static override flags = {...evidenceFlags, json: Flags.boolean({description: 'print JSON'})}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(EvidenceShow)
    try {
      for (const evidence of namedEvidence(configuredEvidence(flags), [args.folder])) {
        if (flags.json) this.log(visibleJson({...evidenceJson(evidence), header: evidenceHeader(evidence)}))
        else {
          this.log(evidence.folder)
          this.log(`preserved  ${time(evidence.at)}`)
          for (const line of evidence.reason.split('\n')) this.log(`reason     ${visibleText(line)}`)
          for (const {name, size} of evidenceFiles(evidence))
            this.log(`file       ${visibleText(name)} (${size} octets)`)
          const header = evidenceHeader(evidence)
          if (header !== '') for (const line of ['', ...header.split('\n')]) this.log(visibleText(line))
        }
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      this.exit(1)
    }
  }
}
