/**
 * show/shown — settings with their values and where these come from, as the commands print them.
 */

import type {Reading} from '../load.ts'
import {nearestName} from '../nearest.ts'
import {numberText} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import type {Settings} from '../settings.ts'
import type {Box} from '../snapshot.ts'
import type {SettingDefinition} from '../table/definition.ts'
import {ALTERNATIVE_NAMES, SETTINGS} from '../table/table.ts'
import {type Json, jsonForm, namesOf} from './json-form.ts'

export interface Shown {
  readonly setting: SettingDefinition
  readonly box: Box
  /** `FILE:LINE`, `default`, `command line`, `policy bank B` */
  readonly origin: string
  readonly changed: boolean
}

export interface ShowRequest {
  readonly reading: Reading
  /** the same without any file */
  readonly defaults: Reading
  /** settings of the command line */
  readonly overridden: readonly string[]
  /** with banks in force: their view, and which bank gave a setting its value */
  readonly banks?: {readonly view: Settings; readonly giverOf: (key: string) => string | undefined}
}

/** All settings in the order of the table. */
export function shownSettings(request: ShowRequest): readonly Shown[] {
  const {reading, defaults, banks} = request
  const names = namesOf(reading.snapshot.variables)
  const before = namesOf(defaults.snapshot.variables)
  return SETTINGS.map((setting): Shown => {
    const {name} = setting
    const giver = banks && setting.bank === 'yes' ? banks.giverOf(name.slice(1)) : undefined
    const box = giver === undefined ? reading.snapshot.variables.get(name)! : boxInForce(name, banks!.view)
    const original = defaults.snapshot.variables.get(name)!
    const changed = !sameJson(jsonForm(name, box, names), jsonForm(name, original, before))
    const origin = giver === undefined ? originOf(request, name, changed) : `policy bank ${giver}`
    return {setting, box, origin, changed}
  })
}

function boxInForce(name: SettingDefinition['name'], view: Settings): Box {
  if (name.startsWith('$')) return {kind: 'scalar', value: view.scalar(name as `$${string}`)}
  if (name.startsWith('@')) return {kind: 'array', items: [...view.list(name as `@${string}`)]}
  return {kind: 'hash', entries: new Map(view.hash(name as `%${string}`))}
}

function originOf({reading, overridden}: ShowRequest, name: string, changed: boolean): string {
  if (overridden.includes(name)) return 'command line'
  const at = reading.machine.assigned.get(reading.snapshot.variables.get(name)!)
  if (at) return placeText(at)
  return changed ? 'derived from other settings' : 'default'
}

/** `FILE:LINE`; the expressions of the table of settings have no file. */
export function placeText({file, line}: Pick<Position, 'file' | 'line'>): string {
  return file.startsWith('default of ') ? 'default' : `${file}:${line}`
}

/** Numbers and texts are the same to a configuration. */
function sameJson(a: Json, b: Json): boolean {
  const loose = (_: string, value: unknown) => (typeof value === 'number' ? numberText(value) : value)
  return JSON.stringify(a, loose) === JSON.stringify(b, loose)
}

/**
 * The settings that a name of a command line means: with sigil or without, an alternative name, or a pattern
 * with `*`.
 * @throws AmavisError AM_CONFIG when there is none
 */
export function settingsNamed(wanted: string): readonly SettingDefinition[] {
  const name = ALTERNATIVE_NAMES.get(wanted) ?? wanted
  const pattern = new RegExp(
    `^${/^[$@%]/.test(name) ? '' : '[$@%]'}${name.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`,
  )
  const found = SETTINGS.filter(setting => pattern.test(setting.name))
  if (found.length > 0) return found
  const other = [...ALTERNATIVE_NAMES].find(([alternative]) => pattern.test(alternative))
  if (other) return SETTINGS.filter(setting => setting.name === other[1])
  const bare = SETTINGS.map(setting => setting.name.slice(1))
  const near = nearestName(name.replace(/^[$@%]/, ''), bare)
  throw configError(
    undefined,
    `there is no setting ${wanted}`,
    near === undefined ? undefined : `did you mean ${near}?`,
  )
}
