/**
 * decisions — what the banned rules of one recipient say of each part, and what they were tried on.
 *
 * For people who want to know why: checkBanned tells only what is forbidden. Pure.
 */
import {isTrue} from '../../config/number.ts'
import type {Settings} from '../../config/settings.ts'
import {lookup} from '../../lookup/lookup.ts'
import {internalAddress} from '../../message/address.ts'
import type {Part} from '../../message/message.ts'
import {leafPaths, namePath, traditionalKeys} from './path.ts'
import {type Decision, decide, rulesFor} from './rules.ts'

export interface PartDecision {
  readonly part: Part
  /** the strings that rules of `@banned_filename_maps` are tried on, of the whole path */
  readonly keys: readonly string[]
  /** the subject of `$banned_namepath_re` */
  readonly namePath: string
  /** undefined: no rule says anything */
  readonly decision: Decision | undefined
}

export interface Decisions {
  /** the recipient is in `@bypass_banned_checks_maps`: nothing is forbidden to it */
  readonly isBypassed: boolean
  /** in the order in which parts are tried */
  readonly parts: readonly PartDecision[]
}

/**
 * @param parts with their short types
 * @param report told about rules that are named and do not exist
 * @throws AmavisError AM_CONFIG for a table or a regexp that cannot be used
 */
export function bannedDecisions(
  parts: readonly Part[],
  address: string,
  settings: Settings,
  report: (problem: string) => void,
): Decisions {
  const key = internalAddress(address)
  const tables = rulesFor(key, settings, report)
  const rest = settings.scalar('$banned_namepath_re')
  const decided = leafPaths(parts).map(path => {
    const keys = traditionalKeys(path)
    const name = namePath(path)
    const decision =
      decide(tables, keys, settings) ?? (rest === undefined ? undefined : decide([rest], [name], settings))
    return {part: path.at(-1)!, keys, namePath: name, decision}
  })
  const isBypassed = isTrue(lookup(settings.list('@bypass_banned_checks_maps'), key, settings)?.value)
  return {isBypassed, parts: decided}
}
