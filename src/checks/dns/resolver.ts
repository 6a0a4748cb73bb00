/**
 * resolver — the DNS as the checks ask it, within limits.
 */
import {Resolver} from 'node:dns/promises'

/** What node:dns gives for a name, by the type of the records. */
export interface Records {
  readonly A: string[]
  readonly AAAA: string[]
  readonly CNAME: string[]
  readonly MX: {exchange: string; priority: number}[]
  readonly PTR: string[]
  /** each in its strings */
  readonly TXT: string[][]
}

/** Rejects with a `code` as node:dns does. */
export type Resolve = <T extends keyof Records>(name: string, type: T) => Promise<Records[T]>
export type ResolveTxt = (name: string) => Promise<Records['TXT']>

/** Keys that one mail may have looked up; honest mail has a handful of signatures. */
const MOST_KEYS = 20

/**
 * Gives up on a server after two seconds and asks twice.
 * @param servers addresses, with `:port` or `[…]:port` where it is not 53; none: the system's
 */
export function createResolver(servers: readonly string[]): Resolve {
  const resolver = new Resolver({timeout: 2000, tries: 2})
  if (servers.length > 0) resolver.setServers(servers)
  return <T extends keyof Records>(name: string, type: T) =>
    resolver.resolve(name, type) as unknown as Promise<Records[T]>
}

/**
 * The resolver for one check of one mail: after `timeoutMs`, or too many questions, each fails as a server's failure
 * does, so that what hangs on it is a temperror.
 */
export function limitedResolver(resolve: Resolve, timeoutMs: number, mostQuestions = MOST_KEYS): Resolve {
  const endAt = performance.now() + timeoutMs
  let asked = 0
  return async (name, type) => {
    asked++
    if (asked > mostQuestions) throw dnsError('too many questions to the DNS', 'ETOOMANY')
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(dnsError('timed out', 'ETIMEOUT')),
        Math.max(0, endAt - performance.now()),
      )
    })
    try {
      return await Promise.race([resolve(name, type), overdue])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Whether there is no such name, or no such record of it; anything else is a failure to find out. */
export function isAbsent(error: unknown): boolean {
  const {code} = (error ?? {}) as {code?: unknown}
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

function dnsError(text: string, code: string): Error {
  return Object.assign(new Error(text), {code})
}
