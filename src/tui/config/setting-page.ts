/**
 * tui/config/setting-page — `config explain NAME`: what a setting is for, its value, and where it comes from.
 */
import {namesOf} from '../../config/show/json-form.ts'
import {statementsText} from '../../config/show/perl-text.ts'
import type {Shown} from '../../config/show/shown.ts'
import {wrap} from '../../config/show/wrap.ts'
import type {Snapshot} from '../../config/snapshot.ts'
import type {Kind, SettingDefinition} from '../../config/table/definition.ts'
import {ALTERNATIVE_NAMES, SETTING_GROUPS} from '../../config/table/table.ts'
import type {Theme} from '../theme.ts'

export interface SettingFacts extends Shown {
  /** before any file was read */
  readonly original: Shown['box']
  /** policy banks that have a value of their own, and where it was written */
  readonly banks: readonly {readonly name: string; readonly value: string; readonly at: string | undefined}[]
}

const LABEL = 9

export function settingPage(
  facts: SettingFacts,
  {variables}: Snapshot,
  {theme, columns}: {readonly theme: Theme; readonly columns: number},
): string {
  const {setting, box, original, origin, changed, banks} = facts
  const names = namesOf(variables)
  const row = (label: string, text: string) =>
    `  ${theme.faint(label.padEnd(LABEL))} ${text.replaceAll('\n', `\n${' '.repeat(LABEL + 3)}`)}`
  const prose = (text: string) => wrap(text, columns - LABEL - 3, '')
  const value = (of: Shown['box']) =>
    statementsText(setting.name, of, names)
      .map(text => text.slice(text.indexOf(' = ') + 3).replace(/;$/, ''))
      .join('\n') || 'none'
  const group = SETTING_GROUPS.find(({settings}) => settings.includes(setting))?.title ?? ''
  const others = [...ALTERNATIVE_NAMES].filter(([, name]) => name === setting.name).map(([other]) => other)
  const lines = [
    `${theme.title(setting.name)}  ${theme.faint(group)}`,
    `  ${wrap(setting.doc, columns, '  ', 2)}`,
    '',
    row('kind', prose(kindText(setting))),
    row('banks', prose(bankText(setting))),
  ]
  if (others.length > 0) lines.push(row('also', others.join(', ')))
  if (setting.obsolete) lines.push(row('retired', prose(setting.successor ?? 'it has no effect')))
  lines.push(row('default', value(original)))
  if (changed) lines.push(row('value', value(box)))
  lines.push(row('set by', changed || origin !== 'default' ? origin : 'nothing, the default is in force'))
  for (const bank of banks) {
    lines.push(
      row(
        'in bank',
        `${bank.name}: ${bank.value}${bank.at === undefined ? '' : `  ${theme.faint(bank.at)}`}`,
      ),
    )
  }
  return lines.join('\n')
}

const KINDS: Partial<Record<Kind, string>> = {
  acl: 'a list of addresses and domains, "!" before one means no',
  addr: 'a mail address',
  bool: 'true or false: 1 or 0, undef',
  bytes: 'a number of octets',
  destiny: 'D_PASS, D_DISCARD, D_BOUNCE, D_REJECT or D_TEMPFAIL',
  fqdn: 'a host name with a dot',
  hash: 'a hash',
  int: 'a whole number',
  'ip-acl': 'a list of addresses and networks, "!" before one means no',
  list: 'a list',
  method: 'a delivery method such as smtp:[127.0.0.1]:10025',
  'method or list': 'a delivery method such as smtp:[127.0.0.1]:10025, or a list of them',
  num: 'a number',
  path: 'a path',
  program: 'a program with arguments, or a list of such to try',
  re: 'a table of regular expressions, new_RE(…)',
  sec: 'a time in seconds',
  str: 'a text',
  template: 'a template text',
}

function kindText({kind, choices}: SettingDefinition): string {
  if (choices) return `one of ${choices.join(', ')}`
  const [key, result] = kind.split('→')
  if (result !== undefined && key === 'ccat') return `a hash: contents category to ${result}`
  if (result !== undefined) return `a list of look-up tables: ${key} to ${result}`
  return KINDS[kind] ?? kind
}

function bankText({bank}: SettingDefinition): string {
  if (bank === 'yes') return 'a policy bank may have its own value'
  if (bank === 'no') return 'holds for all mail'
  return 'holds for all mail; a policy bank may have its own list of tables'
}
