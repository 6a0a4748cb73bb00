/**
 * result — what SPF, ARC and DMARC say of a mail, in the words of RFC 8601.
 */

/** RFC 7208 §2.6. */
export interface SpfResult {
  readonly result: 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'permerror' | 'temperror'
  /** whose domain it is about: the envelope sender's, or that of HELO where the sender is the null sender */
  readonly identity: 'mailfrom' | 'helo'
  readonly domain: string
  /** why it is an error; else '' */
  readonly detail: string
}

/** RFC 8617 §4.4; a chain of none is no result. */
export interface ArcResult {
  readonly result: 'pass' | 'fail'
  /** number of the newest set; 0: the fields are no chain */
  readonly instance: number
  /** who sealed last */
  readonly domain: string
  /** why it fails; else '' */
  readonly detail: string
}

/** RFC 9989 §4.10, 5.3. */
export interface DmarcResult {
  readonly result: 'pass' | 'fail' | 'none' | 'permerror' | 'temperror'
  /** of the author; '' where there is not just one */
  readonly domain: string
  /** what the domain asks for in case of a failure; undefined: it publishes none, or nobody knows */
  readonly policy: 'none' | 'quarantine' | 'reject' | undefined
  /** why there is no other result; else '' */
  readonly detail: string
}

/** Undefined is what was not evaluated. */
export interface Authentication {
  readonly spf: SpfResult | undefined
  readonly arc: ArcResult | undefined
  readonly dmarc: DmarcResult | undefined
}

/** A text of others as one line of visible ASCII, within bounds. */
export function visible(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[^ -~]+/g, ' ')
    .trim()
}
