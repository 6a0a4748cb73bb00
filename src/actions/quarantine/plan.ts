/**
 * plan — which copies of a mail go into quarantine, and where.
 *
 * Source: spec/daemon §7 (who), spec/config §5.8. For each recipient the category that blocked it, or its
 * main one, gives a method and, apart from it, a location; both must be set. Equal methods make one copy
 * with several targets. An archive copy is added whatever the category. Pure.
 */

import {MAJOR} from '../../config/category.ts'
import type {Settings} from '../../config/settings.ts'
import {isBeyondCutoff} from '../../verdict/cutoff.ts'
import {settingCategories, textByCategory, textFor} from '../../verdict/policy.ts'
import {leadingCategory, mainCategory, majorName} from '../../verdict/summary.ts'
import type {RecipientVerdict} from '../../verdict/verdict.ts'

export interface QuarantineCopy {
  /** `local:virus-%m`, `smtp:[host]:port` … */
  readonly method: string
  /** quarantine addresses; for an archive that keeps the envelope, the recipients' own */
  readonly targets: readonly string[]
  /** places in the envelope of the recipients whose mail it is */
  readonly recipients: readonly number[]
  readonly archive: boolean
  /** names for the counters: `Virus`, `Arch` */
  readonly categories: readonly string[]
}

export function planQuarantine(
  verdicts: readonly RecipientVerdict[],
  sender: string,
  settings: Settings,
): readonly QuarantineCopy[] {
  const copies = new Copies(settings.string('$notify_method'))
  const isSpam = mainCategory(verdicts).major === MAJOR.Spam
  for (const verdict of verdicts) {
    const {address} = verdict.recipient
    const categories = settingCategories(verdict)
    const method = textByCategory(settings, '%quarantine_method_by_ccat', categories, address)
    if (method === undefined || isBeyondCutoff(verdict, '@spam_quarantine_cutoff_level_maps', settings))
      continue
    const target = textByCategory(settings, '%quarantine_to_maps_by_ccat', categories, address)
    const bySender = isSpam ? textFor(settings, '@spam_quarantine_bysender_to_maps', sender) : undefined
    const name = majorName(leadingCategory([verdict]).major)
    for (const place of [target, bySender]) {
      if (place !== undefined) copies.add(method, place, verdict, name)
    }
  }
  const archive = settings.string('$archive_quarantine_method')
  if (archive) {
    for (const verdict of verdicts) {
      const target = textFor(settings, '@archive_quarantine_to_maps', verdict.recipient.address)
      if (target !== undefined) copies.add(archive, target, verdict, 'Arch')
    }
  }
  return copies.all()
}

/** Copies under way, one for each method. */
class Copies {
  readonly #notifyMethod: string | undefined
  readonly #byMethod = new Map<
    string,
    {targets: Set<string>; recipients: Set<number>; names: Set<string>; method: string; archive: boolean}
  >()

  constructor(notifyMethod: string | undefined) {
    this.#notifyMethod = notifyMethod
  }

  add(method: string, target: string, {recipient, index}: RecipientVerdict, name: string): void {
    const place = target === '%a' ? recipient.address : target
    // A mail address is no place on this machine: the copy is sent there.
    const isSent = method.startsWith('local:') && target.includes('@')
    const actual = isSent ? (this.#notifyMethod ?? method) : method
    const archive = name === 'Arch'
    const key = `${archive} ${actual}`
    let copy = this.#byMethod.get(key)
    if (!copy) {
      copy = {targets: new Set(), recipients: new Set(), names: new Set(), method: actual, archive}
      this.#byMethod.set(key, copy)
    }
    copy.targets.add(place)
    copy.recipients.add(index)
    copy.names.add(name)
  }

  all(): readonly QuarantineCopy[] {
    return [...this.#byMethod.values()].map(({method, archive, targets, recipients, names}) => ({
      method,
      archive,
      targets: [...targets],
      recipients: [...recipients],
      categories: [...names],
    }))
  }
}
