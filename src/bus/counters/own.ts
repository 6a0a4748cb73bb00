/**
 * own — which counters are ours, beside those of the original.
 *
 * Displays that have to look like the original's leave them out; all others show them.
 */
const OWN =
  /^(?:Dsn(?:Sent|Suppressed|Failed)|Failure)[A-Z]|^MtaQueue|^Daemon[A-Z]|^Scanner\.|^Anvil[A-Z]|^ClientLimit[A-Z]/

/** Whether the original's displays have no line for it. MTA queues were an SNMP matter there. */
export function isOwnCounter(name: string): boolean {
  return OWN.test(name)
}
