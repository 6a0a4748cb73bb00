/** config explain — what a setting is for, or what a look-up finds and why. */
import {Args, Command, Flags} from '@oclif/core'
import {hashAt} from '../../config/checks/examined.ts'
import {requestOf, sourceFlags} from '../../config/cli/flags.ts'
import {configError} from '../../config/problem.ts'
import {namesOf} from '../../config/show/json-form.ts'
import {valueText} from '../../config/show/perl-text.ts'
import {withoutSecrets} from '../../config/show/secrets.ts'
import {placeText, settingsNamed, shownSettings} from '../../config/show/shown.ts'
import {readSources, type Sources} from '../../config/show/sources.ts'
import type {SettingDefinition} from '../../config/table/definition.ts'
import {errorText} from '../../errors.ts'
import {columnsOf, counted} from '../../tui/config/lines.ts'
import {settingPage} from '../../tui/config/setting-page.ts'
import {createTheme} from '../../tui/theme.ts'

export default class ConfigExplain extends Command {
  static override summary = 'Explain a setting, or a look-up.'
  static override description =
    `With a name: what the setting is for, its default, its value, where that was set, and the policy banks that have their own.

With a list of look-up tables and a key (a mail address; the address of a client for networks; a contents category such as CC_SPAM for %…_by_ccat): each table that is asked, each key tried, and the entry with file and line that answers.`
  static override examples = [
    '<%= config.bin %> config explain final_spam_destiny',
    '<%= config.bin %> config explain spam_lovers_maps user@example.org',
    '<%= config.bin %> config explain mynetworks_maps 192.0.2.7 --bank MYNETS',
  ]
  static override args = {
    name: Args.string({required: true, description: 'a setting, with or without its sigil'}),
    key: Args.string({description: 'what to look up in it'}),
  }
  static override flags = {
    ...sourceFlags,
    bank: Flags.string({
      helpValue: '<bank>',
      description: 'with this policy bank loaded, repeatable',
      multiple: true,
      multipleNonGreedy: true,
    }),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ConfigExplain)
    try {
      const found = settingsNamed(args.name)
      const sources = readSources(requestOf(flags), flags.bank ?? [])
      const {errors} = sources.reading.machine
      if (errors.length > 0) {
        this.logToStderr(`${counted(errors.length, 'mistake')} in the configuration, see amavis config check`)
        process.exitCode = 1
      }
      const pages =
        args.key === undefined
          ? found.map(setting => settingText(setting, sources))
          : [await lookupText(tableOf(args.name, found), args.key, sources)]
      process.stdout.write(`${pages.join('\n\n')}\n`)
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}

function settingText(setting: SettingDefinition, sources: Sources): string {
  const {reading, defaults} = sources
  const {variables} = reading.snapshot
  const found = shownSettings(sources).find(one => one.setting === setting)!
  const names = namesOf(variables)
  const shown = {...found, box: withoutSecrets(setting.name, found.box, names)}
  const all = variables.get('%policy_bank')
  const banks = [...(all?.kind === 'hash' ? all.entries : [])].flatMap(([name, value]) => {
    const entries = hashAt(value)?.entries
    const key = setting.name.slice(1)
    if (name === '' || setting.bank !== 'yes' || !entries?.has(key) || key === 'policy_bank_name') return []
    const at = reading.machine.origins.ofEntry(entries, key)
    const own = withoutSecrets(key, {kind: 'hash', entries: new Map([[key, entries.get(key)]])}, names)
    const shownValue = own.kind === 'hash' ? own.entries.get(key) : undefined
    return [{name, value: valueText(shownValue, names), at: at && placeText(at)}]
  })
  const original = defaults.snapshot.variables.get(setting.name)!
  const style = {theme: createTheme(process.env), columns: columnsOf(process.stdout)}
  return settingPage({...shown, original, banks}, reading.snapshot, style)
}

/** The one setting that a look-up is meant in: of several with a bare name the list of tables. */
function tableOf(name: string, found: readonly SettingDefinition[]): string {
  if (found.length === 1) return found[0]!.name
  const lists = found.filter(setting => setting.name.startsWith('@'))
  if (lists.length === 1) return lists[0]!.name
  throw configError(undefined, `${name} means ${found.map(one => one.name).join(', ')}: name one of them`)
}

async function lookupText(map: string, key: string, {reading, settings}: Sources): Promise<string> {
  const {traceLookup} = await import('../../lookup/trace.ts')
  const {tracePage} = await import('../../tui/config/trace-page.ts')
  const {machine, snapshot} = reading
  const sources = {
    settings,
    variables: snapshot.variables,
    origins: machine.origins,
    assigned: machine.assigned,
  }
  return tracePage(traceLookup(map, key, sources), namesOf(snapshot.variables), createTheme(process.env))
}
