/**
 * checks/kinds — values are of the kind that their setting has.
 *
 * An error where the program could do nothing sensible with the value; a warning where it can, and something
 * else was meant.
 */
import {DESTINY} from '../category.ts'
import {referenceName} from '../language/convert.ts'
import {isNumeric} from '../number.ts'
import type {SettingDefinition} from '../table/definition.ts'
import {SETTINGS} from '../table/table.ts'
import type {Scalar} from '../value.ts'
import type {Examined, Level, Remark} from './examined.ts'

interface Complaint {
  readonly level: Level
  readonly message: string
  readonly help?: string
}

/** Every value that a file gave to a setting. */
export function* valueKinds(config: Examined): Iterable<Remark> {
  for (const setting of SETTINGS) {
    const box = config.box(setting.name)
    const at = config.at(setting.name)
    if (!box || !at) continue
    const wrong =
      box.kind === 'scalar' ? wrongScalar(setting, box.value) : wrongContents(setting.name, setting.kind, box)
    if (wrong) yield {...wrong, at, message: `${setting.name}: ${wrong.message}`}
  }
}

/** What is wrong with a scalar as a value of this setting. */
export function wrongScalar(setting: SettingDefinition, value: Scalar): Complaint | undefined {
  if (value === undefined) return undefined
  switch (setting.kind) {
    case 'int':
    case 'num':
    case 'sec':
    case 'bytes':
      return wrongNumber(setting.kind, value)
    case 'bool':
      return wrongBoolean(value)
    case 'destiny':
      return wrongDestiny(value)
    case 'enum':
      return wrongChoice(setting, value)
    case 'method':
    case 'method or list':
      return wrongMethod(value)
    case 'str':
    case 'path':
    case 'addr':
    case 'fqdn':
    case 'charset':
      if (isReference(value)) return {level: 'warning', message: `expected a text, found ${shown(value)}`}
      return setting.kind === 'path' ? wrongPath(value) : undefined
    case 're':
      if (typeof value !== 'object')
        return {level: 'warning', message: `expected new_RE(…), found ${shown(value)}`}
      return undefined
    default:
      return undefined
  }
}

function wrongNumber(kind: string, value: Scalar): Complaint | undefined {
  if (value === '') return undefined
  if (typeof value === 'object') return {level: 'error', message: 'expected a number, found a reference'}
  if (typeof value === 'string' && !isNumeric(value)) {
    return {level: 'error', message: `expected a number, found "${value}"`, ...unitHelp(value)}
  }
  if (Number(value) < 0 && (kind === 'sec' || kind === 'bytes'))
    return {level: 'warning', message: `expected a number from 0 up, found ${value}`}
  if (kind === 'int' && !Number.isInteger(Number(value)))
    return {level: 'warning', message: `expected a whole number, found ${value}`}
  return undefined
}

const UNITS: ReadonlyMap<string, string> = new Map([
  ['k', '1024'],
  ['m', '1024*1024'],
  ['g', '1024*1024*1024'],
  ['h', '3600'],
  ['d', '24*3600'],
])

/** `10M` and `8h` are written as products. */
function unitHelp(text: string): {readonly help?: string} {
  const [, number, unit] = /^(\d+)\s*([kmghd])(?:i?b|ours?|ays?)?$/i.exec(text.trim()) ?? []
  const factor = UNITS.get(unit?.toLowerCase() ?? '')
  return factor === undefined ? {} : {help: `write ${number}*${factor}`}
}

function wrongBoolean(value: Scalar): Complaint | undefined {
  if (typeof value !== 'string' || !/^(?:no|off|false|none|never|n|f)$/i.test(value)) return undefined
  return {level: 'warning', message: `"${value}" counts as true`, help: 'write 0 to turn it off'}
}

function wrongDestiny(value: Scalar): Complaint | undefined {
  if (typeof value === 'object') return undefined
  const known = Object.values<number>(DESTINY)
  // -1 is what D_BOUNCE once was
  if (value !== '' && known.includes(Number(value))) return undefined
  const names = Object.keys(DESTINY).map(name => `D_${name}`)
  return {level: 'error', message: `expected ${names.join(', ')}, found ${shown(value)}`}
}

function wrongChoice({choices, strict}: SettingDefinition, value: Scalar): Complaint | undefined {
  if (!choices || typeof value === 'object' || value === '' || choices.includes(String(value).toLowerCase()))
    return undefined
  const list = choices.map(choice => `'${choice}'`).join(', ')
  const level = strict ? 'error' : 'warning'
  return {level, message: `expected ${list}${strict ? '' : ' or undef'}, found ${shown(value)}`}
}

function wrongMethod(value: Scalar): Complaint | undefined {
  if (typeof value === 'object') return undefined
  const text = String(value)
  if (text === '' || /^(?:smtp|lmtp|local|bsmtp|pipe|sql|p0f)(?::|$)/i.test(text)) return undefined
  const help = /^\[?[\w.-]+\]?:\d+$/.test(text) ? {help: `write 'smtp:${text}'`} : {}
  return {
    level: 'warning',
    message: `expected a method such as smtp:[127.0.0.1]:10025, found "${text}"`,
    ...help,
  }
}

function wrongPath(value: Scalar): Complaint | undefined {
  const text = String(value)
  if (text === '' || text.startsWith('/')) return undefined
  return {level: 'warning', message: `expected a path from the root, found "${text}"`}
}

/** `@x = [ … ]` and `%x = { … }` make one element, a reference. */
function wrongContents(
  name: string,
  kind: string,
  box: {kind: 'array'; items: readonly Scalar[]} | {kind: 'hash'; entries: ReadonlyMap<string, Scalar>},
): Complaint | undefined {
  if (box.kind === 'hash') {
    const [key] = box.entries.keys()
    if (box.entries.size !== 1 || !/^(?:HASH|ARRAY)\(0x/.test(key ?? '')) return undefined
    return {
      level: 'warning',
      message: 'holds a reference as its only key',
      help: `write ${name} = ( … ), not { … }`,
    }
  }
  const [first] = box.items
  if ((kind !== 'acl' && kind !== 'ip-acl') || box.items.length !== 1 || !isReference(first)) return undefined
  return {
    level: 'warning',
    message: `holds ${shown(first)} instead of texts`,
    help: `write ${name} = ( … ), not [ … ]`,
  }
}

/** A text in a list of tables is a constant: it answers for everybody. */
export function* constantTables(config: Examined): Iterable<Remark> {
  for (const {name, kind} of SETTINGS) {
    if (!/→bool$/.test(kind) || !name.startsWith('@') || !config.isSet(name)) continue
    for (const table of config.list(name)) {
      if (typeof table !== 'string' || /^(?:[01]?|\d+)$/.test(table)) continue
      const message = `${name}: the text "${table}" is no table, it means yes for everybody`
      yield {level: 'warning', at: config.at(name), message, help: `write ['${table}'] for a list of names`}
    }
  }
}

function isReference(value: Scalar): boolean {
  return typeof value === 'object' && value.kind !== 'code'
}

function shown(value: Scalar): string {
  if (typeof value !== 'object') return `"${value}"`
  const what = /^[A-Za-z:]+/.exec(referenceName(value))?.[0] ?? ''
  return what === 'ARRAY'
    ? 'a reference to a list'
    : what === 'HASH'
      ? 'a reference to a hash'
      : 'a reference'
}
