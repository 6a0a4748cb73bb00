/**
 * checks/banks — policy banks hold settings that a bank may have, and those that are named exist.
 */
import {textOf} from '../language/convert.ts'
import {nearestName} from '../nearest.ts'
import {SETTINGS} from '../table/table.ts'
import type {Scalar} from '../value.ts'
import {banksOf, type Examined, hashAt, type Remark, texts} from './examined.ts'
import {wrongScalar} from './kinds.ts'

const GLOBAL = new Map(
  SETTINGS.filter(({bank}) => bank !== 'yes').map(setting => [setting.name.slice(1), setting]),
)
const BANKABLE = new Map(
  SETTINGS.filter(({bank}) => bank === 'yes').map(setting => [setting.name.slice(1), setting]),
)
/** Loaded by the program itself. */
const BUILT_IN = new Set(['', 'MYNETS', 'MYUSERS'])
/** Where banks are named, besides banks. */
const NAMING = [
  '%interface_policy',
  '@client_ipaddr_policy',
  '@author_to_policy_bank_maps',
  '@virus_name_to_policy_bank_maps',
]

/** Keys of banks that no load would take, and values of the wrong kind. */
export function* bankValues(config: Examined): Iterable<Remark> {
  const builtIn = hashAt(config.hash('%policy_bank').get(''))
  for (const [name, entries] of banksOf(config)) {
    for (const [key, value] of entries) {
      if (key === 'ACTION') continue
      const at = config.entryAt(entries, key) ?? config.at('%policy_bank')
      const setting = BANKABLE.get(key)
      const wrong = setting?.name.startsWith('$') ? wrongScalar(setting, pointedTo(value)) : undefined
      if (wrong) yield {...wrong, at, message: `policy bank "${name}", ${key}: ${wrong.message}`}
      if (setting || builtIn?.entries.has(key)) continue
      yield {level: 'warning', at, ...unknownKey(name, key)}
    }
  }
}

function unknownKey(bank: string, key: string): {message: string; help?: string} {
  const bare = key.replace(/^[$@%]/, '')
  if (bare !== key && BANKABLE.has(bare)) {
    return {
      message: `policy bank "${bank}": unknown field "${key}"`,
      help: `write ${bare} without "${key[0]}"`,
    }
  }
  const setting = GLOBAL.get(key)
  if (setting) {
    const message = `policy bank "${bank}": ${setting.name} holds for all mail, a bank cannot change it`
    const maps = setting.bank === 'maps' ? /@\w+_maps/.exec(setting.doc)?.[0] : undefined
    return maps === undefined ? {message} : {message, help: `set ${maps.slice(1)} => [ … ] instead`}
  }
  const near = nearestName(key, BANKABLE.keys())
  const message = `policy bank "${bank}": unknown field "${key}"`
  return near === undefined ? {message} : {message, help: `did you mean "${near}"?`}
}

/** Banks that are to be loaded and are not there. */
export function* bankReferences(config: Examined): Iterable<Remark> {
  if (config.isLost('%policy_bank')) return
  const banks = config.hash('%policy_bank')
  const check = function* (bank: string, where: string, at: Remark['at']): Iterable<Remark> {
    if (BUILT_IN.has(bank) || banks.has(bank)) return
    const near = nearestName(bank, banks.keys())
    const help = near ? {help: `did you mean "${near}"?`} : {help: `define $policy_bank{'${bank}'}`}
    yield {
      level: 'warning',
      at,
      message: `${where} names the policy bank "${bank}", which does not exist`,
      ...help,
    }
  }
  for (const [key, value] of config.hash('%interface_policy')) {
    for (const bank of texts(value).flatMap(namesOf))
      yield* check(bank, `$interface_policy{'${key}'}`, config.entryAt(config.hash('%interface_policy'), key))
  }
  const pairs = config.list('@client_ipaddr_policy')
  for (let i = 1; i < pairs.length; i += 2) {
    for (const bank of texts(pairs[i]).flatMap(namesOf))
      yield* check(
        bank,
        '@client_ipaddr_policy',
        config.itemAt(pairs, i) ?? config.at('@client_ipaddr_policy'),
      )
  }
}

/** Banks that nothing names. */
export function* unusedBanks(config: Examined): Iterable<Remark> {
  if (config.isLost(...NAMING)) return
  const named = new Set<string>()
  for (const name of NAMING) {
    const box = config.box(name)
    if (box) for (const bank of banksIn({kind: 'ref', to: box})) named.add(bank)
  }
  const bankKeys = new Set(NAMING.map(name => name.slice(1)))
  let runsCode = false
  for (const [, entries] of banksOf(config)) {
    for (const [key, value] of entries) {
      if (key === 'ACTION') runsCode = true
      if (bankKeys.has(key)) for (const bank of banksIn(value)) named.add(bank)
    }
  }
  if (runsCode) return
  for (const [bank] of banksOf(config)) {
    if (BUILT_IN.has(bank) || named.has(bank)) continue
    const help = "load it for a port by $interface_policy{'PORT'}, or for clients by @client_ipaddr_policy"
    yield {
      level: 'hint',
      at: config.entryAt(config.hash('%policy_bank'), bank) ?? config.at('%policy_bank'),
      message: `nothing loads the policy bank "${bank}"`,
      help,
    }
  }
}

/** `\$y` in a bank is seen live. */
function pointedTo(value: Scalar): Scalar {
  const isScalar = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'scalar'
  return isScalar && value.to.kind === 'scalar' ? value.to.value : value
}

/** Several names of banks are separated by commas. */
function namesOf(text: string): readonly string[] {
  return text.split(',').map(name => name.trim())
}

function banksIn(value: Scalar): readonly string[] {
  return deepTexts(value, new Set()).flatMap(namesOf)
}

/** All texts in a value, keys of hashes left out. */
function deepTexts(value: Scalar, seen: Set<unknown>): readonly string[] {
  if (typeof value !== 'object') return value === undefined ? [] : [textOf(value)]
  if (seen.has(value)) return []
  seen.add(value)
  if (value.kind === 'object') return value.items.flatMap(item => deepTexts(item, seen))
  if (value.kind !== 'ref' || seen.has(value.to)) return []
  seen.add(value.to)
  if (value.to.kind === 'scalar') return deepTexts(value.to.value, seen)
  const inside = value.to.kind === 'array' ? value.to.items : [...value.to.entries.values()]
  return inside.flatMap(item => deepTexts(item, seen))
}
