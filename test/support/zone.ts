/** zone — a resolver that knows the records that it is given, and asks nobody. */
import type {Records, Resolve} from '../../src/checks/dns/resolver.ts'

/** Records by name; a text alone is its TXT record; an error is what asking gives. */
export type Zone = Readonly<Record<string, string | Error | Partial<Records>>>

/** @param asked each question is added: `TXT example.org` */
export function zoneResolver(zone: Zone, asked: string[] = []): Resolve {
  return async (name, type) => {
    asked.push(`${type} ${name}`)
    const entry = zone[name.toLowerCase()]
    if (entry instanceof Error) throw entry
    const records = typeof entry === 'string' ? {TXT: [[entry]]} : entry
    const found = records?.[type]
    if (found === undefined) throw dnsError(entry === undefined ? 'ENOTFOUND' : 'ENODATA')
    return found
  }
}

export function dnsError(code: string): Error {
  return Object.assign(new Error(code), {code})
}
