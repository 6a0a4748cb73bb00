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
 * @param report told about banks that do not load well, with the log level it deserves
 */
export function settingsForMail(
  base: Settings,
  address: string | undefined,
  sender: string,
  report: (problem: string, level: number) => void,
): Settings {
  const named = clientPolicyBanks(base.list('@client_ipaddr_policy'), address, base)
  const settings = base.withBanks(named, report)
  const hasUsers = settings.hash('%policy_bank').has('MYUSERS')
  if (!hasUsers || sender === '' || !settings.flag('$originating')) return settings
  const isOurs = lookup(settings.list('@local_domains_maps'), sender, settings)?.value
  return isOurs ? settings.withBanks(['MYUSERS'], report) : settings
}
