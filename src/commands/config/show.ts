/** config show — the settings in force, each with where it comes from. */
import {Command, Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../../config/cli/flags.ts'
import {problemText} from '../../config/problem.ts'
import {jsonForm, namesOf} from '../../config/show/json-form.ts'
import {withoutSecrets} from '../../config/show/secrets.ts'
import {showText} from '../../config/show/show-text.ts'
import {type Shown, settingsNamed, shownSettings} from '../../config/show/shown.ts'
import {readSources, type Sources} from '../../config/show/sources.ts'
import {errorText} from '../../errors.ts'
import {columnsOf} from '../../tui/config/lines.ts'

export default class ConfigShow extends Command {
  static override summary = 'Show settings with their values and where these come from.'
  static override description =
    'Prints all settings, or those named (without the sigil too, and with * for any characters), in the language of configuration files: what is printed can be loaded. Passwords are covered, unless --secrets asks for them; private keys are never shown.'
  static override examples = [
    '<%= config.bin %> config show --changed',
    "<%= config.bin %> config show max_servers '*_destiny'",
    '<%= config.bin %> config show --bank MYNETS -c ./amavisd.conf',
  ]
  static override strict = false
  static override usage = 'config show [NAME…] [-c FILE]… [--changed] [--bank B]… [--secrets] [--json]'
  static override flags = {
    ...sourceFlags,
    changed: Flags.boolean({description: 'only settings that differ from their defaults'}),
    bank: Flags.string({
      helpValue: '<bank>',
      description: 'with this policy bank loaded, repeatable',
      multiple: true,
      multipleNonGreedy: true,
    }),
    secrets: Flags.boolean({description: 'show passwords too'}),
    json: Flags.boolean({description: 'print one object: ok, errors, files_read, vars'}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(ConfigShow)
    try {
      const sources = readSources(requestOf(flags), flags.bank ?? [])
      const wanted = new Set(argv.flatMap(name => settingsNamed(String(name))))
      const names = namesOf(sources.reading.snapshot.variables)
      const shown = shownSettings(sources)
        .filter(one => (wanted.size === 0 || wanted.has(one.setting)) && (one.changed || !flags.changed))
        .map(one => (flags.secrets ? one : {...one, box: withoutSecrets(one.setting.name, one.box, names)}))
      const {errors} = sources.reading.machine
      if (errors.length > 0) process.exitCode = 1
      if (flags.json) process.stdout.write(`${JSON.stringify(jsonOf(sources, shown))}\n`)
      else if (errors.length > 0) for (const error of errors) this.logToStderr(problemText(error))
      else
        process.stdout.write(showText(shown, sources.reading.snapshot.variables, columnsOf(process.stdout)))
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}

function jsonOf({reading}: Sources, shown: readonly Shown[]): unknown {
  const {machine, snapshot} = reading
  const names = namesOf(snapshot.variables)
  return {
    ok: machine.errors.length === 0,
    errors: machine.errors.map(problemText),
    files_read: snapshot.files,
    vars: Object.fromEntries(
      shown.map(({setting, box}) => [setting.name, jsonForm(setting.name, box, names)]),
    ),
  }
}
