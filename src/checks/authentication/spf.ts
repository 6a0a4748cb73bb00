/**
 * spf — whether the client may send mail for the domain of the envelope sender, by mailauth.
 *
 * Source: RFC 7208 to the letter: ten mechanisms that ask the DNS, two questions in vain.
 */
import type {DNSResolver} from 'mailauth'
import type {Resolve} from '../dns/resolver.ts'
import {type SpfResult, visible} from './result.ts'

export interface SpfSubject {
  /** address of the client */
  readonly client: string
  readonly helo: string | undefined
  /** '' is the null sender: HELO is asked about */
  readonly envelopeSender: string
  /** our own name, for macros */
  readonly hostname: string
}

/** Rejects never: what goes wrong is a temperror. */
export async function evaluateSpf(
  {client, helo, envelopeSender, hostname}: SpfSubject,
  resolve: Resolve,
): Promise<SpfResult> {
  const identity = envelopeSender === '' ? 'helo' : 'mailfrom'
  const domain = identity === 'helo' ? (helo ?? '') : domainOf(envelopeSender)
  const about = {identity, domain: visible(domain).toLowerCase()} as const
  if (domain === '') return {...about, result: 'none', detail: ''}
  try {
    const {spf} = await import('#mailauth/spf')
    const {status} = await spf({
      sender: envelopeSender,
      ip: client,
      helo: helo ?? '',
      mta: hostname,
      strict: true,
      resolver: resolve as unknown as DNSResolver,
    })
    const result = RESULTS.find(name => name === status.result) ?? 'temperror'
    return {...about, result, detail: result.endsWith('error') ? reason(status.comment) : ''}
  } catch (error) {
    return {...about, result: 'temperror', detail: visible((error as Error).message)}
  }
}

const RESULTS = ['pass', 'fail', 'softfail', 'neutral', 'none', 'permerror', 'temperror'] as const

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/** The end of `mx: error in processing during lookup of a@example.com: DNS timeout`. */
function reason(comment: unknown): string {
  const text = typeof comment === 'string' ? comment : ''
  const at = text.lastIndexOf(': ')
  return visible(at < 0 ? text : text.slice(at + 2))
}
