/**
 * checks — what must hold of a configuration as a whole, and what is worth a warning.
 *
 * Source: spec/config, Errors and warnings. Whether a daemon has something to listen on is the daemon's
 * own check: other commands read the same files.
 */
import {parseNetwork} from './ip-network.ts'
import {CATEGORY_CONSTANTS} from './language/constants.ts'
import {textOf} from './language/convert.ts'
import type {Machine} from './language/machine.ts'
import {nearestName} from './nearest.ts'
import {isNumeric} from './number.ts'
import type {Problem} from './problem.ts'
import type {Box} from './snapshot.ts'
import type {SettingDefinition} from './table/definition.ts'
import {SETTINGS} from './table/table.ts'
import type {ArrayBox, HashBox, Scalar} from './value.ts'

const NUMERIC = new Set(['int', 'num', 'sec', 'bytes'])

export interface Checked {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Defaults of settings that have no effect, to tell whether a file changed one. */
export function retiredValues(machine: Machine): ReadonlyMap<string, Scalar> {
  const retired = SETTINGS.filter(setting => setting.obsolete === 'warns')
  return new Map(retired.map(({name}) => [name, scalarNamed(machine, name)]))
}

export function checkSettings(machine: Machine, retired: ReadonlyMap<string, Scalar>): Checked {
  const errors: Problem[] = []
  const warnings: Problem[] = []
  const at = (name: string) => machine.assigned.get(machine.variables.get(name)!)
  for (const setting of SETTINGS) {
    const box = machine.variables.get(setting.name)!
    if (!machine.assigned.has(box)) continue
    const wrong = valueProblem(setting, box)
    if (wrong !== undefined) errors.push({at: at(setting.name), message: `${setting.name}: ${wrong}`})
    const before = retired.get(setting.name)
    if (retired.has(setting.name) && textOf(before) !== textOf(scalarNamed(machine, setting.name))) {
      warnings.push({at: at(setting.name), message: `${setting.name} is retired and has no effect`})
    }
  }
  const host = textOf(scalarNamed(machine, '$myhostname'))
  if (!host.includes('.') && host !== 'localhost') {
    const message = `$myhostname: expected a fully qualified name (with a dot), found "${host}"`
    errors.push({at: at('$myhostname'), message})
  }
  const bits = Number(textOf(scalarNamed(machine, '$mail_id_size_bits')))
  if (!(bits > 0) || bits % 24 !== 0) {
    errors.push({
      at: at('$mail_id_size_bits'),
      message: `$mail_id_size_bits: expected a multiple of 24, found "${bits}"`,
    })
  }
  errors.push(...networkProblems(machine))
  warnings.push(...bankWarnings(machine), ...categoryWarnings(machine))
  return {errors, warnings}
}

/** Elements of address lists that are no networks. */
function networkProblems(machine: Machine): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<ArrayBox>()
  const check = (name: string, list: ArrayBox, at: Problem['at']) => {
    if (seen.has(list)) return
    seen.add(list)
    for (const item of list.items) {
      if (typeof item === 'object') {
        if (item.kind === 'ref' && item.to.kind === 'array') check(name, item.to, at)
      } else if (item !== undefined && parseNetwork(textOf(item)) === undefined) {
        problems.push({at, message: `${name}: expected an address or a network, found "${textOf(item)}"`})
      }
    }
  }
  for (const {name, kind} of SETTINGS) {
    const box = machine.variables.get(name)
    if (box?.kind === 'array' && kind === 'ip-acl') check(name, box, machine.assigned.get(box))
  }
  return problems
}

/** `CC_SPAM => …` makes the text a key, which no category has (spec/config, Lexical rules). */
function categoryWarnings(machine: Machine): Problem[] {
  const problems: Problem[] = []
  for (const {name, kind} of SETTINGS) {
    const box = machine.variables.get(name)
    if (!kind.startsWith('ccat→') || box?.kind !== 'hash') continue
    for (const key of box.entries.keys()) {
      if (/^\d+(?:,\d+)?$/.test(key)) continue
      const hint = CATEGORY_CONSTANTS.has(key) ? ', a constant needs a comma after it instead of "=>"' : ''
      problems.push({
        at: machine.assigned.get(box),
        message: `${name}: "${key}" is no contents category${hint}`,
      })
    }
  }
  return problems
}

function scalarNamed(machine: Machine, name: string): Scalar {
  const box = machine.variables.get(name)
  return box?.kind === 'scalar' ? box.value : undefined
}

function valueProblem(setting: SettingDefinition, box: Box): string | undefined {
  if (box.kind !== 'scalar' || !NUMERIC.has(setting.kind)) return undefined
  const {value} = box
  if (value === undefined || value === '' || typeof value === 'number') return undefined
  if (typeof value === 'string' && isNumeric(value)) return undefined
  return `expected a number, found ${typeof value === 'string' ? `"${value}"` : 'a reference'}`
}

/** Keys of policy banks that no load would take. */
function bankWarnings(machine: Machine): Problem[] {
  const banks = machine.variables.get('%policy_bank')
  if (banks?.kind !== 'hash') return []
  const known = hashAt(banks.entries.get(''))
  const problems: Problem[] = []
  for (const [name, value] of banks.entries) {
    const bank = hashAt(value)
    if (name === '' || !bank || !known) continue
    for (const key of bank.entries.keys()) {
      if (key === 'ACTION' || known.entries.has(key)) continue
      const near = nearestName(key, known.entries.keys())
      const hint = near === undefined ? '' : `, did you mean "${near}"?`
      const at = machine.assigned.get(banks)
      problems.push({at, message: `policy bank "${name}": unknown field "${key}"${hint}`})
    }
  }
  return problems
}

function hashAt(value: Scalar): HashBox | undefined {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
}
