/**
 * arc — whether the chain of those that handed a mail on is whole, by mailauth.
 *
 * RFC 8617 knows no temporary failure: a chain whose keys cannot be had fails, and says so.
 */
import type {ARCData, DNSResolver} from 'mailauth'
import {isNamed} from '../../message/header.ts'
import type {Header} from '../../message/message.ts'
import {type ArcResult, visible} from './result.ts'

export function hasArcFields(header: Header): boolean {
  return header.fields.some(
    field =>
      isNamed(field, 'arc-seal') ||
      isNamed(field, 'arc-message-signature') ||
      isNamed(field, 'arc-authentication-results'),
  )
}

/**
 * @param data the chain as the verifier of signatures has found it
 * @param resolver the one that the verifier asked: keys are asked for once
 * @param minimumBits seals and signatures by shorter rsa keys fail
 * @returns undefined without a chain
 */
export async function evaluateArc(
  data: ARCData,
  resolver: DNSResolver,
  minimumBits: number,
): Promise<ArcResult | undefined> {
  const {arc} = await import('mailauth/lib/arc/index.js')
  const {i, status, signature} = await arc(data, {resolver, minBitLength: minimumBits, strict: true})
  if (status.result === 'none') return undefined
  const chain = Array.isArray(data.chain) ? data.chain : []
  const about = {instance: Number(i) || chain.length, domain: sealerOf(chain.at(-1))}
  if (status.result !== 'pass') {
    const comment = typeof status.comment === 'string' ? status.comment : ''
    return {...about, result: 'fail', detail: visible(comment || 'the chain cannot be understood')}
  }
  const bits = signature ? signature.modulusLength : undefined
  if (bits !== undefined && bits < minimumBits) return {...about, result: 'fail', detail: 'weak key'}
  return {...about, result: 'pass', detail: ''}
}

function sealerOf(set: unknown): string {
  const seal = (set as {'arc-seal'?: {parsed?: {d?: {value?: unknown}}}} | undefined)?.['arc-seal']
  return visible(String(seal?.parsed?.d?.value ?? '')).toLowerCase()
}
