/**
 * notice-plan — which administrators and recipients are told of a mail.
 *
 * Source: spec/daemon §8, spec/config §5.8. All administrators get one notice, each recipient one of his own. Nobody
 * is told of a mail that comes back: the client was deferred, and tries again.
 */
import {type Category, MAJOR} from '../../config/category.ts'
import {isTrue} from '../../config/number.ts'
import type {Settings} from '../../config/settings.ts'
import {byCategory} from '../../lookup/by-category.ts'
import {lookupValue} from '../../lookup/lookup.ts'
import {internalAddress} from '../../message/address.ts'
import {isBeyondCutoff} from '../../verdict/cutoff.ts'
import {settingCategories, textByCategory, textFor, withMajor} from '../../verdict/policy.ts'
import {leadingCategory} from '../../verdict/summary.ts'
import type {RecipientOutcome} from '../../verdict/verdict.ts'
import {templateFor} from './own-settings.ts'

export interface PlannedNotice {
  readonly kind: 'admin' | 'recipient'
  /** addresses of those who get it */
  readonly to: readonly string[]
  /** under which its addresses and its template are found, highest first */
  readonly categories: readonly Category[]
  readonly template: string
  /** the recipients whose mail it is about */
  readonly outcomes: readonly RecipientOutcome[]
}

export interface NoticePlan {
  readonly notices: readonly PlannedNotice[]
  /** who is told only of viruses that were never seen before; they join the notice to administrators */
  readonly newVirusAdmins: readonly string[]
}

const NO_NOTICES: NoticePlan = {notices: [], newVirusAdmins: []}

/** @param isLmtp each recipient has an answer of his own */
export function planNotices(
  outcomes: readonly RecipientOutcome[],
  isLmtp: boolean,
  settings: Settings,
): NoticePlan {
  const ended = outcomes.filter(outcome => !isDeferred(outcome))
  if (ended.length === 0 || (!isLmtp && ended.length < outcomes.length)) return NO_NOTICES
  const administrators = new Set<string>()
  const newVirusAdmins = new Set<string>()
  const recipients: PlannedNotice[] = []
  for (const outcome of ended) {
    const {verdict} = outcome
    const {address} = verdict.recipient
    const categories = settingCategories(outcome)
    const admin = textByCategory(settings, '%admin_maps_by_ccat', categories, address)
    if (admin !== undefined && !isBeyondCutoff(verdict, '@spam_notifyadmin_cutoff_level_maps', settings)) {
      administrators.add(admin)
    }
    if (verdict.categories[0]?.major === MAJOR.Virus) {
      const told = textFor(settings, '@newvirus_admin_maps', address)
      if (told !== undefined) newVirusAdmins.add(told)
    }
    const notice = recipientNotice(outcome, categories, settings)
    if (notice) recipients.push(notice)
  }
  if (administrators.size === 0 && newVirusAdmins.size === 0 && recipients.length === 0) return NO_NOTICES
  const categories = withMajor(leadingCategory(ended))
  const template = templateFor(settings, '%notify_admin_templ_by_ccat', categories)
  const admin: PlannedNotice = {
    kind: 'admin',
    to: [...administrators],
    categories,
    template,
    outcomes: ended,
  }
  return {
    notices: [admin, ...recipients].filter(notice => notice.template !== ''),
    newVirusAdmins: [...newVirusAdmins],
  }
}

function recipientNotice(
  outcome: RecipientOutcome,
  categories: readonly Category[],
  settings: Settings,
): PlannedNotice | undefined {
  const {local, recipient} = outcome.verdict
  const warns = byCategory(settings, '%warnrecip_maps_by_ccat', categories)
  if (warns === undefined || !isTrue(lookupValue(warns, internalAddress(recipient.address), settings)))
    return undefined
  if (!local && !settings.flag('$warn_offsite')) return undefined
  const template = templateFor(settings, '%notify_recips_templ_by_ccat', categories)
  return {kind: 'recipient', to: [recipient.address], categories, template, outcomes: [outcome]}
}

function isDeferred({response, dsn}: RecipientOutcome): boolean {
  return dsn === 'failed' || (response.code >= 400 && response.code < 500)
}
