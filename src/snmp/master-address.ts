/**
 * master-address — where a master agent listens: `/var/agentx/master`, `unix:PATH`, `tcp:HOST:PORT`,
 * `tcp6:HOST:PORT`, `HOST:PORT`, as snmpd's agentXSocket has it. Pure.
 */

export type MasterAddress =
  | {readonly path: string}
  | {readonly host: string; readonly port: number; readonly family?: 6}

/** RFC 2741 §8.1.1. */
const AGENTX_PORT = 705

/** Undefined for what is no such address; without a port that of AgentX is meant. */
export function parseMasterAddress(text: string): MasterAddress | undefined {
  const path = /^(?:unix:)?(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return {path}
  const match = /^(?:(tcp6?):)?(?:\[([0-9a-f:.%]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/i.exec(text)
  const port = Number(match?.[4] ?? AGENTX_PORT)
  if (!match || port < 1 || port > 65_535) return undefined
  return {host: match[2] ?? match[3] ?? '', port, ...(match[1]?.toLowerCase() === 'tcp6' && {family: 6})}
}
