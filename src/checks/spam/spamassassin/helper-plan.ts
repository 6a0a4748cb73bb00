/**
 * helper-plan — whether a configuration wants the SpamAssassin helper, and what it is started with.
 */
import {isTrue} from '../../../config/number.ts'
import {itemsOf} from '../../../config/scalar.ts'
import type {Settings} from '../../../config/settings.ts'
import type {Scalar} from '../../../config/value.ts'
import {spamScannerEntries} from '../entries.ts'

/** What the helper is told, by the names that it has for them; '' for undefined. */
export interface SpamHelperPlan {
  readonly home: string
  readonly configpath: string
  readonly siteconfigpath: string
  readonly userprefs: string
  readonly local_tests_only: string
  readonly debug: string
}

/** undefined: no bank has the module SpamAssassin, or nobody's mail is to be looked at for spam. */
export function spamHelperPlan(settings: Settings): SpamHelperPlan | undefined {
  if (!isWanted(settings)) return undefined
  const text = (name: `$${string}`) => settings.string(name) ?? ''
  return {
    home: text('$helpers_home') || text('$MYHOME'),
    configpath: text('$sa_configpath'),
    siteconfigpath: text('$sa_siteconfigpath'),
    userprefs: text('$sa_userprefs_file'),
    local_tests_only: settings.flag('$sa_local_tests_only') ? '1' : '0',
    debug: text('$sa_debug'),
  }
}

function isWanted(settings: Settings): boolean {
  const [first] = settings.list('@bypass_spam_checks_maps')
  if (typeof first !== 'object' && isTrue(first)) return false
  const lists = [settings.list('@spam_scanners'), ...bankLists(settings)]
  return lists.some(list => spamScannerEntries(list).some(({module}) => module === 'SpamAssassin'))
}

/** `spam_scanners` of each policy bank. */
function bankLists(settings: Settings): readonly (readonly Scalar[])[] {
  return [...settings.hash('%policy_bank')].flatMap(([name, bank]) => {
    if (name === '' || typeof bank !== 'object' || bank.kind !== 'ref' || bank.to.kind !== 'hash') return []
    return [itemsOf(bank.to.entries.get('spam_scanners')) ?? []]
  })
}
