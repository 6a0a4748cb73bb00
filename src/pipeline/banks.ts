/**
 * banks — the policy banks that a mail's client and sender choose, on top of the socket's.
 *
 * Source: spec/config, Policy banks, "Order during a session", steps 4 and 6.
 */
import type {Settings} from '../config/settings.ts'
import {clientPolicyBanks} from '../lookup/ip.ts'
import {lookup} from '../lookup/lookup.ts'

/**
 * @param address of the client: from XFORWARD, else of the connection
 * @param report told about banks that do not load well
 */
export function settingsForMail(
  base: Settings,
  address: string | undefined,
  sender: string,
  report: (problem: string) => void,
): Settings {
  const banks = base.hash('%policy_bank')
  const exists = (name: string) => banks.has(name)
  const named = clientPolicyBanks(base.list('@client_ipaddr_policy'), address, base).filter(exists)
  const settings = base.withBanks(named, report)
  if (!exists('MYUSERS') || sender === '' || !settings.flag('$originating')) return settings
  const isOurs = lookup(settings.list('@local_domains_maps'), sender, settings)?.value
  return isOurs ? settings.withBanks(['MYUSERS'], report) : settings
}
