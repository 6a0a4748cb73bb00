/**
 * show/default-text — a configuration of nothing but defaults: every setting, described and commented out.
 *
 *   ## base directory from which other default paths are derived
 *   #$MYHOME = '/var/amavis';
 *
 * Loaded as it is, it changes nothing; without the first `#` of each line it sets every setting to its
 * default.
 */
import type {Reading} from '../load.ts'
import type {SettingDefinition} from '../table/definition.ts'
import {SETTING_GROUPS} from '../table/table.ts'
import {type Names, namesOf} from './json-form.ts'
import {statementsText} from './perl-text.ts'
import {wrap} from './wrap.ts'

const COLUMNS = 78

const HEAD = `All settings with their defaults. A line with one "#" is a setting: take the
"#" away and change it. Files are read in order, and the last value counts.
See amavis.conf(5); "amavis config check" finds mistakes.`

/** @param defaults a reading of no file at all */
export function defaultText(defaults: Reading): string {
  const names = namesOf(defaults.snapshot.variables)
  const groups = SETTING_GROUPS.flatMap(({title, settings}) => [
    `\n## ${title} ${'-'.repeat(Math.max(0, COLUMNS - title.length - 4))}\n`,
    ...settings.map(setting => settingText(setting, defaults, names)),
  ])
  const head = HEAD.split('\n').map(line => `## ${line}\n`)
  return [...head, ...groups, '\n1;\n'].join('')
}

function settingText(setting: SettingDefinition, defaults: Reading, names: Names): string {
  const doc = wrap(setting.doc, COLUMNS, '## ', 3)
  const statement = statementOf(setting, defaults, names)
  return `\n## ${doc}\n${statement.replace(/^/gm, '#')}\n`
}

/** The expression of the table where it reads well, else the value. */
function statementOf(
  {name, default: first, afterDefault}: SettingDefinition,
  {snapshot}: Reading,
  names: Names,
): string {
  // all of it would take the built-in bank away
  if (name === '%policy_bank') return '%policy_bank = (%policy_bank);'
  const later = /^["$]/.test(afterDefault ?? '') ? afterDefault : undefined
  const expression = first ?? later
  const line = `${name} = ${expression};`
  if (expression !== undefined && line.length <= COLUMNS && !line.includes('\n')) return line
  return statementsText(name, snapshot.variables.get(name)!, names).join('\n')
}
