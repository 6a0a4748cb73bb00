/**
 * man — writes the manual pages from what the program knows and the hand-written parts in man/*.in.
 *
 * In amavis.8 the line `@COMMANDS@` stands for the commands and their options, in amavis.conf.5 `@SETTINGS@`
 * for the table of settings, in amavis-counters.7 `@COUNTERS@`, `@OWN@` and `@OLDER@` for those of counters, so that the pages cannot drift from the program.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {EVENTS_TO_COME} from '../dist/src/bus/counters/definition.js'
import {OLDER_NAMES} from '../dist/src/bus/counters/older-names.js'
import {COUNTERS} from '../dist/src/bus/counters/table.js'
import {ALTERNATIVE_NAMES, SETTING_GROUPS} from '../dist/src/config/table/table.js'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const read = name => readFileSync(path.join(root, name), 'utf8')
const {version} = JSON.parse(read('package.json'))
const manifest = JSON.parse(read('oclif.manifest.json'))

/** Text for troff: backslashes, leading dots and quotes, dashes that are copied must stay themselves. */
const troff = text =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replace(/^\./gm, '\\&.')
    .replace(
      /[^ -~\n]/gu,
      character => `\\[u${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
const fill = text => text.replaceAll('<%= config.bin %>', 'amavis')

function option(name, flag) {
  const names = [flag.char && `\\-${flag.char}`, `\\-\\-${troff(name)}`]
    .filter(Boolean)
    .map(text => `\\fB${text}\\fR`)
  const value =
    flag.type === 'option' ? ` \\fI${troff((flag.helpValue ?? name).replaceAll(/[<>]/g, ''))}\\fR` : ''
  const more = [
    flag.multiple && 'may be repeated',
    flag.default !== undefined && flag.type === 'option' && `default: ${flag.default}`,
  ]
  const remarks = more.filter(Boolean).length > 0 ? ` (${more.filter(Boolean).join('; ')})` : ''
  return `.TP\n${names.join(', ')}${value}\n${troff(fill(flag.description ?? flag.summary ?? '') + remarks)}\n`
}

function command(entry) {
  const args = Object.values(entry.args ?? {}).map(arg => (arg.required ? arg.name : `[${arg.name}]`))
  const flags = Object.entries(entry.flags ?? {}).filter(([, flag]) => !flag.hidden)
  const title = ['amavis', ...entry.id.split(':'), ...args].join(' ')
  return [
    `.SS "${troff(title)}"\n`,
    `${troff(fill(entry.summary ?? ''))}\n`,
    entry.description ? `.PP\n${troff(fill(entry.description)).replaceAll(/\n\n+/g, '\n.PP\n')}\n` : '',
    ...flags.map(([name, flag]) => option(name, flag)),
    ...(entry.examples ?? []).map(
      example =>
        `.PP\n.RS 4\n.nf\n${troff(fill(typeof example === 'string' ? example : example.command))}\n.fi\n.RE\n`,
    ),
  ].join('')
}

const commands = Object.values(manifest.commands)
  .filter(entry => !entry.hidden)
  .toSorted((a, b) => (a.id < b.id ? -1 : 1))
const page = read('man/amavis.8.in')
  .replace('@VERSION@', version)
  .replace('@COMMANDS@\n', () => commands.map(command).join(''))
writeFileSync(path.join(root, 'man', 'amavis.8'), page)

/** Kind, default, and whether a policy bank may have it. */
function facts(setting) {
  const later = setting.afterDefault === undefined ? 'undef' : setting.afterDefault
  const first = setting.name.startsWith('$') ? later : '()'
  const value = (setting.default ?? first).replaceAll(/\s+/g, ' ')
  const shown = value.length > 160 ? `${value.slice(0, 160)}\u2026` : value
  return [
    setting.choices ? setting.choices.join(' | ') : setting.kind,
    setting.bank === 'yes' && 'bank',
    setting.obsolete ? `retired${setting.successor ? `: ${setting.successor}` : ''}` : `default: ${shown}`,
  ]
    .filter(Boolean)
    .map(troff)
    .join('; ')
}

const setting = one => `.TP\n.B ${troff(one.name)}\n${troff(one.doc)}\n.br\n(${facts(one)})\n`
const group = ({title, settings}) => `.SS "${troff(title)}"\n${settings.map(setting).join('')}`
const alternative = ([other, name]) => `.TP\n.B ${troff(other)}\nthe same as ${troff(name)}\n`
const settingsPage = read('man/amavis.conf.5.in')
  .replace('@VERSION@', version)
  .replace('@SETTINGS@\n', () => SETTING_GROUPS.map(group).join(''))
  .replace('@ALTERNATIVES@\n', () => [...ALTERNATIVE_NAMES].map(alternative).join(''))
writeFileSync(path.join(root, 'man', 'amavis.conf.5'), settingsPage)

/** What it is, and the series that the exporter has of it. */
function counter({name, type, unit, doc, event, metric}) {
  const labels = metric && Object.entries(metric.labels).map(([label, value]) => `${label}="${value}"`)
  const series = metric && `amavis_${metric.name}${labels.length > 0 ? `{${labels.join(', ')}}` : ''}`
  const when = event === 'never' ? 'never' : EVENTS_TO_COME.has(event) && `not yet: ${event}`
  const end = [type, unit, series, when].filter(Boolean).join('; ')
  return `.TP\n.B ${troff(name)}\n${troff(doc)}\n.br\n(${troff(end)})\n`
}

const olderName = ({older, now, doc}) => `.TP\n.B ${troff(older)}\n${troff(now.join(', '))}: ${troff(doc)}\n`
const countersPage = read('man/amavis-counters.7.in')
  .replace('@VERSION@', version)
  .replace('@COUNTERS@\n', () =>
    COUNTERS.filter(({own}) => !own)
      .map(counter)
      .join(''),
  )
  .replace('@OWN@\n', () =>
    COUNTERS.filter(({own}) => own)
      .map(counter)
      .join(''),
  )
  .replace('@OLDER@\n', () => OLDER_NAMES.map(olderName).join(''))
writeFileSync(path.join(root, 'man', 'amavis-counters.7'), countersPage)
