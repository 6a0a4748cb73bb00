/** explain — what is in a mail, and what the checks make of it. */
import {readFile} from 'node:fs/promises'
import {buffer} from 'node:stream/consumers'
import {Args, Command, Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../config/cli/flags.ts'
import {loadConfiguration} from '../config/load.ts'
import {problemText} from '../config/problem.ts'
import {settingsOf} from '../config/view.ts'
import {errorText} from '../errors.ts'
import {silentLog} from '../log/log.ts'
import {examine} from '../pipeline/examine.ts'
import {columnsOf} from '../tui/config/lines.ts'
import {explainJson} from '../tui/explain/json.ts'
import {explainPage} from '../tui/explain/page.ts'
import {createTheme} from '../tui/theme.ts'

export default class Explain extends Command {
  static override summary = 'Show what is in a mail and what the checks make of it.'
  static override description =
    'Takes a mail apart as the daemon would: the tree of its parts, members of archives included, each with declared and real type, names, size, digest, what banned rules are tried on and which one matched; limits, encryption, and where mail clients read the mail differently. Nothing is sent, stored or scanned for viruses.'
  static override examples = [
    '<%= config.bin %> explain mail.eml',
    '<%= config.bin %> explain - < mail.eml',
    '<%= config.bin %> explain mail.eml --json -c /etc/amavis/amavisd.conf',
  ]
  static override args = {file: Args.string({required: true, description: 'the mail; - is standard input'})}
  static override flags = {
    config: sourceFlags.config,
    instance: sourceFlags.instance,
    recipient: Flags.string({
      char: 'r',
      helpValue: '<address>',
      description: 'whose banned rules are tried; default: the postmaster of $mydomain',
    }),
    json: Flags.boolean({description: 'print one object: parts, mime_err, findings'}),
    'parts-only': Flags.boolean({description: 'stop before the checks'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Explain)
    try {
      const loaded = loadConfiguration(requestOf(flags))
      if (loaded.kind === 'failed') throw new Error(loaded.problems.map(problemText).join('\n'))
      const settings = settingsOf(loaded.snapshot)
      const mail = args.file === '-' ? await buffer(process.stdin) : await readFile(args.file)
      const recipient = flags.recipient ?? `postmaster@${settings.string('$mydomain') || 'localhost'}`
      const options = {recipient, partsOnly: flags['parts-only'], log: silentLog}
      const examination = await examine(mail, settings, options)
      if (flags.json) process.stdout.write(`${explainJson(examination)}\n`)
      else {
        const theme = createTheme(process.env)
        const page = explainPage(examination, {theme, columns: columnsOf(process.stdout), recipient})
        process.stdout.write(`${page}\n`)
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
