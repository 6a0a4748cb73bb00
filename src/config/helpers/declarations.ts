/**
 * helpers/declarations — functions that set several settings at once: dkim_key, read_l10n_templates; and
 * the inclusion of other files.
 */
import {textOf} from '../language/convert.ts'
import type {Builtin, Machine} from '../language/machine.ts'
import {configError, type Position} from '../problem.ts'
import type {ArrayBox, HashBox, Scalar} from '../value.ts'
import {decoded, readOctets} from './table-files.ts'

/** Template files of a language, and the settings they fill. */
const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ['template-dsn.txt', '$notify_sender_templ'],
  ['template-virus-sender.txt', '$notify_virus_sender_templ'],
  ['template-virus-admin.txt', '$notify_virus_admin_templ'],
  ['template-virus-recipient.txt', '$notify_virus_recips_templ'],
  ['template-spam-sender.txt', '$notify_spam_sender_templ'],
  ['template-spam-admin.txt', '$notify_spam_admin_templ'],
])

/** Up to this many keys a repeated domain and selector is an error. */
const DUPLICATES_CHECKED = 100

export const DECLARATIONS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['read_l10n_templates', readTemplates],
  ['dkim_key', declareKey],
])

function readTemplates(machine: Machine, args: readonly Scalar[], at: Position): readonly Scalar[] {
  const folder = args.length > 1 ? `${textOf(args[1])}/${textOf(args[0])}` : textOf(args[0])
  const charset = charsetIn(readOctets(machine, `${folder}/charset`, at).toString('latin1'), folder, at)
  for (const [file, name] of TEMPLATES) {
    const box = machine.variables.get(name)
    if (box?.kind !== 'scalar') continue
    box.value = decoded(readOctets(machine, `${folder}/${file}`, at), charset, at)
    machine.assigned.set(box, at)
  }
  return [1]
}

function charsetIn(text: string, folder: string, at: Position): string {
  const line = text.split('\n').find(candidate => candidate.trim() !== '' && !candidate.startsWith('#'))
  const name = line?.trim().split(/\s+/)[0] ?? ''
  if (name === '' || /[./]/.test(name)) throw configError(at, `"${folder}/charset" names no charset`)
  return name
}

/**
 * `dkim_key(domain, selector, file_or_key, option => value, …)`: an entry of @dkim_signing_keys_list with
 * the names and options, and the key's text in @dkim_signing_keys_storage.
 */
function declareKey(machine: Machine, args: readonly Scalar[], at: Position): readonly Scalar[] {
  const [domain, selector, key, ...options] = args
  if (textOf(domain) === '' || textOf(selector) === '') {
    throw configError(at, 'dkim_key: expected a domain and a selector')
  }
  if (options.length % 2 !== 0) throw configError(at, 'dkim_key: options come in pairs of name and value')
  const source = textOf(key)
  if (source === '') throw configError(at, 'dkim_key: expected a file name or a key')
  const list = arrayNamed(machine, '@dkim_signing_keys_list')
  const storage = arrayNamed(machine, '@dkim_signing_keys_storage')
  const name = `${textOf(domain).toLowerCase()} ${textOf(selector)}`
  if (list.items.length < DUPLICATES_CHECKED && list.items.some(entry => keyName(entry) === name)) {
    throw configError(
      at,
      `dkim_key: the selector "${textOf(selector)}" of "${textOf(domain)}" is declared twice`,
    )
  }
  const entries = new Map<string, Scalar>([
    ['domain', domain],
    ['selector', selector],
    ['key_ind', list.items.length],
    ['key_storage_ind', storage.items.length],
  ])
  for (let i = 0; i < options.length; i += 2) entries.set(textOf(options[i]), options[i + 1])
  const isFile = !source.includes('\n')
  const stored = new Map<string, Scalar>([
    ['key', isFile ? readOctets(machine, source, at).toString('latin1') : source],
    ['file', isFile ? source : undefined],
  ])
  machine.assigned.set(list, at)
  list.items.push({kind: 'ref', to: {kind: 'hash', entries}})
  storage.items.push({kind: 'ref', to: {kind: 'hash', entries: stored}})
  return [1]
}

function keyName(entry: Scalar): string {
  const box: HashBox | undefined =
    typeof entry === 'object' && entry.kind === 'ref' && entry.to.kind === 'hash' ? entry.to : undefined
  return `${textOf(box?.entries.get('domain')).toLowerCase()} ${textOf(box?.entries.get('selector'))}`
}

function arrayNamed(machine: Machine, name: string): ArrayBox {
  const box = machine.variables.get(name)
  if (box?.kind === 'array') return box
  const fresh: ArrayBox = {kind: 'array', items: []}
  machine.variables.set(name, fresh)
  return fresh
}
