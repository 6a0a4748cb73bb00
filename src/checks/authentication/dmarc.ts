/**
 * dmarc — whether the author's domain is that of a valid signature or of the envelope, and what it asks for if not,
 * by mailauth.
 *
 * Source: RFC 9989 to the letter.
 */
import type {DNSResolver} from 'mailauth'
import type {Resolve} from '../dns/resolver.ts'
import {type DmarcResult, type SpfResult, visible} from './result.ts'

export interface DmarcSubject {
  /** addresses of From */
  readonly from: readonly string[]
  /** how many From fields there are */
  readonly fromFields: number
  /** domains of the signatures that can be relied on */
  readonly signers: readonly string[]
  /** undefined: it could not be evaluated */
  readonly spf: SpfResult | undefined
  /** a signature or its key is not known to be valid, as the DNS did not answer */
  readonly isUndecided: boolean
}

/**
 * Rejects never: what goes wrong is a temperror. Undefined: without SPF nobody can say that the mail fails.
 */
export async function evaluateDmarc(
  {from, fromFields, signers, spf, isUndecided}: DmarcSubject,
  resolve: Resolve,
): Promise<DmarcResult | undefined> {
  if (fromFields === 0) return {result: 'none', domain: '', policy: undefined, detail: 'no From field'}
  try {
    const {evaluateDmarc: evaluate} = await import('#mailauth/dmarc')
    const {response, reason} = await evaluate({
      headerFrom: [...from],
      fromFields,
      spfDomains: spf?.result === 'pass' ? [spf.domain] : [],
      dkimDomains: signers.map(domain => ({domain})),
      strict: true,
      resolver: resolve as unknown as DNSResolver,
    })
    if (response === false) {
      const detail = (reason ?? '').replaceAll('-', ' ')
      return {result: 'permerror', domain: '', policy: undefined, detail}
    }
    const domain = visible(String(response.status.header?.['from'] ?? ''))
    const policy = POLICIES.find(name => name === response.policy)
    const result = RESULTS.find(name => name === response.status.result) ?? 'temperror'
    if (result === 'fail') {
      if (isUndecided || spf?.result === 'temperror')
        return {result: 'temperror', domain, policy, detail: 'not all of its identities could be evaluated'}
      if (spf === undefined) return undefined
    }
    return {result, domain, policy, detail: visible(response.error ?? '')}
  } catch (error) {
    return {result: 'temperror', domain: '', policy: undefined, detail: visible((error as Error).message)}
  }
}

const POLICIES = ['none', 'quarantine', 'reject'] as const
const RESULTS = ['pass', 'fail', 'none', 'permerror', 'temperror'] as const
