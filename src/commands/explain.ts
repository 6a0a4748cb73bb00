/** explain — what is in a mail, and why each recipient would get what. */
import {readFile} from 'node:fs/promises'
import {buffer} from 'node:stream/consumers'
import {Args, Command, Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../config/cli/flags.ts'
import {problemText} from '../config/problem.ts'
import {namesOf} from '../config/show/json-form.ts'
import {readSources} from '../config/show/sources.ts'
import {withSpamHelper} from '../daemon/borrowed-spam-helper.ts'
import {giveUpRoot} from '../daemon/give-up-root.ts'
import {errorText} from '../errors.ts'
import {rehearse} from '../pipeline/rehearsal/rehearse.ts'
import {columnsOf} from '../tui/config/lines.ts'
import {envelopeFlags, rehearsalRequest} from '../tui/explain/flags.ts'
import {explainJson} from '../tui/explain/json.ts'
import {explainPage} from '../tui/explain/page.ts'
import {createTheme} from '../tui/theme.ts'

export default class Explain extends Command {
  static override summary = 'Show why each recipient of a mail would get what.'
  static override description =
    'Runs a mail through the whole pipeline of the daemon without sending or storing anything: the policy banks, the tree of its parts with what banned rules are tried on, what the configured scanners say, and for each recipient the look-ups with the line that answered, score, category, destiny, header edits, quarantine and notifications.'
  static override examples = [
    '<%= config.bin %> explain mail.eml --rcpt user@example.com',
    '<%= config.bin %> explain - --from sender@example.net --client 192.0.2.1 < mail.eml',
    '<%= config.bin %> explain mail.eml --json -c /etc/amavis/amavisd.conf',
  ]
  static override args = {file: Args.string({required: true, description: 'the mail; - is standard input'})}
  static override flags = {
    config: sourceFlags.config,
    instance: sourceFlags.instance,
    ...envelopeFlags,
    json: Flags.boolean({description: 'print one object'}),
    'parts-only': Flags.boolean({description: 'show the parts and ask no scanner'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Explain)
    try {
      const {reading, settings} = readSources(requestOf(flags), [])
      const {machine, snapshot} = reading
      if (machine.errors.length > 0) throw new Error(machine.errors.map(problemText).join('\n'))
      const mail = args.file === '-' ? await buffer(process.stdin) : await readFile(args.file)
      const request = {...rehearsalRequest(flags, mail, settings), partsOnly: flags['parts-only']}
      const sources = {
        settings,
        variables: snapshot.variables,
        origins: machine.origins,
        assigned: machine.assigned,
      }
      giveUpRoot(settings, line => this.logToStderr(line))
      const wanted = request.partsOnly ? undefined : settings
      const rehearsal = await withSpamHelper(
        wanted,
        (line, level) => level <= 0 && this.logToStderr(line),
        spamHelper => rehearse(mail, request, {sources, spamHelper}),
      )
      const names = namesOf(snapshot.variables)
      if (flags.json) process.stdout.write(`${explainJson(rehearsal, names)}\n`)
      else {
        const theme = createTheme(process.env)
        const page = explainPage(rehearsal, {theme, columns: columnsOf(process.stdout), names})
        process.stdout.write(`${page}\n`)
      }
      if (rehearsal.failure !== undefined) process.exitCode = 1
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
