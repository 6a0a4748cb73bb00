/**
 * banned — parts whose name or type the recipients' policies forbid.
 *
 * Every part that has no other part in it is tried together with its ancestors, first by the tables of
 * `@banned_filename_maps`; where they say nothing, by `$banned_namepath_re`. Pure.
 * Source: spec/daemon "Banned check", spec/config §7 "Banned names and types".
 */
import {isTrue} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {lookup} from '../lookup/lookup.ts'
import {internalAddress} from '../message/address.ts'
import type {Recipient} from '../message/envelope.ts'
import type {Part} from '../message/message.ts'
import {leafPaths, leafText, namePath, type PartPath, pathText, traditionalKeys} from './banned/path.ts'
import {type Decision, decide, isBanned, isDiscard, rulesFor} from './banned/rules.ts'
import type {BannedHit} from './finding.ts'

/** Recipients for whom the same rules hold. */
interface Group {
  readonly tables: readonly Scalar[]
  readonly recipients: number[]
}

/**
 * One hit for each forbidden part and rule; the recipients are those to whom the rule applies, but never those
 * of `@bypass_banned_checks_maps`.
 * @param parts with their short types
 * @param report told about rules that are named and do not exist
 * @throws AmavisError AM_CONFIG for a table or a regexp that cannot be used
 */
export function checkBanned(
  parts: readonly Part[],
  recipients: readonly Recipient[],
  settings: Settings,
  report: (problem: string) => void = () => {},
): BannedHit[] {
  const groups = groupRecipients(recipients, settings, report)
  const namepath = settings.scalar('$banned_namepath_re')
  if (groups.every(hasNoTables) && namepath === undefined) return []
  const hits: BannedHit[] = []
  for (const path of leafPaths(parts)) {
    const keys = traditionalKeys(path)
    const byRule = new Map<string, {decision: Decision; recipients: number[]}>()
    for (const {tables, recipients} of groups) {
      const decision =
        decide(tables, keys, settings) ??
        (namepath === undefined ? undefined : decide([namepath], [namePath(path)], settings))
      if (!isBanned(decision)) continue
      const same = byRule.get(decision.rule)
      if (same) same.recipients.push(...recipients)
      else byRule.set(decision.rule, {decision, recipients: [...recipients]})
    }
    for (const {decision, recipients} of byRule.values()) hits.push(hit(path, decision, recipients))
  }
  return hits
}

function hasNoTables({tables}: Group): boolean {
  return tables.length === 0
}

function hit(path: PartPath, decision: Decision, recipients: number[]): BannedHit {
  const {rule, comment} = decision
  return {
    recipients: recipients.sort((a, b) => a - b),
    path: pathText(path),
    reason: comment === undefined ? leafText(path) : `${comment}:${leafText(path)}`,
    rule,
    value: String(decision.value),
    discard: isDiscard(decision),
  }
}

function groupRecipients(
  recipients: readonly Recipient[],
  settings: Settings,
  report: (problem: string) => void,
): Group[] {
  const bypass = settings.list('@bypass_banned_checks_maps')
  const groups: Group[] = []
  for (const [index, {address}] of recipients.entries()) {
    const key = internalAddress(address)
    if (isTrue(lookup(bypass, key, settings)?.value)) continue
    const tables = rulesFor(key, settings, report)
    const group = groups.find(({tables: known}) => isSame(known, tables))
    if (group) group.recipients.push(index)
    else groups.push({tables, recipients: [index]})
  }
  return groups
}

function isSame(a: readonly Scalar[], b: readonly Scalar[]): boolean {
  return a.length === b.length && a.every((table, index) => table === b[index])
}
