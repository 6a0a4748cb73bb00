/**
 * signature — a DKIM signature and what came of it.
 */
import {isNamed} from '../../message/header.ts'
import type {Header} from '../../message/message.ts'

/** RFC 6376 §3.5; result as in RFC 8601 §2.7.1, `invalid` is its neutral and policy. */
export interface VerifiedSignature {
  readonly domain: string
  readonly selector: string
  readonly identity: string
  readonly algorithm: string
  readonly canonicalization: string
  readonly result: 'pass' | 'fail' | 'invalid' | 'temperror' | 'none'
  /** why; '' where the result says it all */
  readonly detail: string
  /** of the public key; undefined: it was not found or not asked for */
  readonly bits: number | undefined
  /** Unix time in s */
  readonly expires: number | undefined
  /** names of the signed fields, as the signature has them */
  readonly headers: string
  /** base64 of the `b=` tag, without blanks */
  readonly value: string
}

export function isSigned(header: Header): boolean {
  return header.fields.some(field => isNamed(field, 'dkim-signature'))
}

/** `selector:domain` of the valid ones, each once, as log entries and macros have them. */
export function validPairs(signatures: readonly VerifiedSignature[]): readonly string[] {
  if (signatures.length === 0) return NONE
  const valid = signatures.filter(({result}) => result === 'pass')
  return [...new Set(valid.map(({selector, domain}) => `${selector}:${domain}`))]
}

const NONE: readonly string[] = []
