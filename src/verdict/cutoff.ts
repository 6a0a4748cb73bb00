/**
 * cutoff — spam with so many points that nobody wants a copy or a word of it (spec/config §5.8). Pure.
 */
import {MAJOR} from '../config/category.ts'
import type {Settings} from '../config/settings.ts'
import {levelFor} from './policy.ts'
import {leadingCategory} from './summary.ts'
import type {RecipientVerdict} from './verdict.ts'

/** Whether a recipient's spam reaches the level of these maps, or its sender is blacklisted where one is set. */
export function isBeyondCutoff(verdict: RecipientVerdict, maps: `@${string}`, settings: Settings): boolean {
  const {major} = leadingCategory([verdict])
  if (major !== MAJOR.Spam && major !== MAJOR.Spammy) return false
  const cutoff = levelFor(settings, maps, verdict.recipient.address)
  if (cutoff === undefined) return false
  return (verdict.score ?? 0) >= cutoff || (verdict.blacklisted && !verdict.whitelisted)
}
