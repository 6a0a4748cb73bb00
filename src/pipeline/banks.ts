/**
 * banks — the policy banks that a mail's client, sender, authors and viruses choose, on top of the socket's.
 *
 * Source: spec/config, Policy banks, "Order during a session", steps 4 to 9. Each gives new settings and leaves
 * those of the session as they are, so the next mail begins with the socket's banks again.
 */
import {isTrue} from '../config/number.ts'
import type {BankReport, Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {logStyle} from '../log/log-plan.ts'
import {bankNames} from '../lookup/bank-names.ts'
import {clientPolicyBanks} from '../lookup/client-policy.ts'
import {lookup} from '../lookup/lookup.ts'
import type {Transaction} from '../session/transaction.ts'
import type {MailServices} from './services.ts'

const MYUSERS = ['MYUSERS']

/**
 * @param address of the client as the MTA tells it; undefined where it does not, which counts as 0.0.0.0
 * @param requested names that a request asks for itself, as AM.PDP's attribute policy_bank may
 */
export function settingsForMail(
  base: Settings,
  address: string | undefined,
  sender: string,
  report: BankReport,
  requested: string | undefined = undefined,
): Settings {
  const named = clientPolicyBanks(base.list('@client_ipaddr_policy'), address, base)
  const settings = base.withBanks(named, report).withBanks(bankNames(requested, ''), report)
  const hasUsers = settings.hash('%policy_bank').has('MYUSERS')
  if (!hasUsers || sender === '' || !settings.flag('$originating')) return settings
  const isOurs = isTrue(lookup(settings.list('@local_domains_maps'), sender, settings)?.value)
  return isOurs ? settings.withBanks(MYUSERS, report) : settings
}

/** A valid DKIM signature of an author's mail. */
export interface AuthorSignature {
  /** address of the From field that it stands for */
  readonly author: string
  /** domain of the signer (`d=`) where it is not the author's own, else undefined */
  readonly thirdParty: string | undefined
}

/**
 * The banks that `@author_to_policy_bank_maps` has for the authors of valid signatures; a value of 1 means
 * AUTHOR_APPROVED. Called once signatures are verified.
 */
export function settingsForAuthors(
  settings: Settings,
  signatures: readonly AuthorSignature[],
  report: BankReport,
): Settings {
  const maps = settings.list('@author_to_policy_bank_maps')
  if (maps.length === 0) return settings
  const keys = signatures.map(({author, thirdParty}) => (thirdParty ? `${author}/@${thirdParty}` : author))
  return withNamed(settings, maps, keys, 'AUTHOR_APPROVED', report)
}

/** The banks that `@virus_name_to_policy_bank_maps` has for the viruses found; a value of 1 means VIRUS. */
export function settingsForViruses(
  settings: Settings,
  names: readonly string[],
  report: BankReport,
): Settings {
  const maps = settings.list('@virus_name_to_policy_bank_maps')
  return maps.length === 0 ? settings : withNamed(settings, maps, names, 'VIRUS', report)
}

/** Banks that a map names for any of the keys, in order, each once. */
function withNamed(
  settings: Settings,
  maps: readonly Scalar[],
  keys: readonly string[],
  approved: string,
  report: BankReport,
): Settings {
  const names = new Set<string>()
  for (const key of keys) {
    const value = lookup(maps, key, settings)?.value
    for (const name of bankNames(value, approved)) names.add(name)
  }
  return settings.withBanks([...names], report)
}

/** The same services, with the log's level, ident and facility as the banks in force want them. */
export function loggingAs(
  settings: Settings,
  {taskId, isDebugged}: Transaction,
  services: MailServices,
): MailServices {
  const style = logStyle(settings, isDebugged)
  return style ? {...services, log: services.log.forTask(taskId, style)} : services
}
