/**
 * resolver — the DNS as the verification of signatures asks it, within limits.
 */
import {Resolver} from 'node:dns/promises'

/** TXT records of a name, each in its strings; rejects with a `code` as node:dns does. */
export type ResolveTxt = (name: string) => Promise<string[][]>

/** Names that one mail may have looked up; honest mail has a handful of signatures. */
const MOST_LOOKUPS = 20

/**
 * Gives up on a server after two seconds and asks twice.
 * @param servers addresses, with `:port` or `[…]:port` where it is not 53; none: the system's
 */
export function createResolver(servers: readonly string[]): ResolveTxt {
  const resolver = new Resolver({timeout: 2000, tries: 2})
  if (servers.length > 0) resolver.setServers(servers)
  return name => resolver.resolveTxt(name)
}

/**
 * The resolver for one mail: after `timeoutMs`, or too many names, each question fails as a server's failure
 * does, so that what hangs on it is a temperror.
 */
export function limitedResolver(resolve: ResolveTxt, timeoutMs: number): ResolveTxt {
  const endAt = performance.now() + timeoutMs
  let asked = 0
  return async name => {
    asked++
    if (asked > MOST_LOOKUPS) throw dnsError('too many names', 'ETOOMANY')
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(dnsError('timed out', 'ETIMEOUT')),
        Math.max(0, endAt - performance.now()),
      )
    })
    try {
      return await Promise.race([resolve(name), overdue])
    } finally {
      clearTimeout(timer)
    }
  }
}

function dnsError(text: string, code: string): Error {
  return Object.assign(new Error(text), {code})
}
