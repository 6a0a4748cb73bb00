/**
 * arc — whether the chain of those that handed a mail on is whole, by mailauth.
 *
 * RFC 8617 knows no temporary failure: a chain whose keys cannot be had fails, and says so.
 */
import type {ARCData, DNSResolver} from 'mailauth'
import {isNamed} from '../../message/header.ts'
import type {Header, HeaderField} from '../../message/message.ts'
import {type ArcResult, visible} from './result.ts'

export function isArcField(field: HeaderField): boolean {
  return (
    isNamed(field, 'arc-seal') ||
    isNamed(field, 'arc-message-signature') ||
    isNamed(field, 'arc-authentication-results')
  )
}

export function hasArcFields(header: Header): boolean {
  return header.fields.some(isArcField)
}

/**
 * @param data the chain as the verifier of signatures has found it
 * @param resolver the one that the verifier asked: keys are asked for once
 * @param failed names that it got no answer for
 * @param minimumBits seals and signatures by shorter rsa keys fail
 * @returns undefined without a chain
 */
export async function evaluateArc(
  data: ARCData,
  resolver: DNSResolver,
  failed: readonly string[],
  minimumBits: number,
): Promise<ArcResult | undefined> {
  const {arc} = await import('#mailauth/arc')
  const {i, status, signature} = await arc(data, {resolver, minBitLength: minimumBits, strict: true})
  if (status.result === 'none') return undefined
  const chain = Array.isArray(data.chain) ? data.chain : []
  const about = {instance: Number(i) || chain.length, domain: sealerOf(chain.at(-1))}
  if (status.result !== 'pass') {
    const comment = typeof status.comment === 'string' ? status.comment : ''
    const keys = chain.flatMap(set => keyNames(set))
    const unanswered = failed.find(name => keys.includes(name))
    if (unanswered !== undefined)
      return {...about, result: 'fail', detail: visible(`no answer for ${unanswered}`)}
    return {...about, result: 'fail', detail: visible(comment || 'the chain cannot be understood')}
  }
  const bits = signature ? signature.modulusLength : undefined
  if (bits !== undefined && bits < minimumBits) return {...about, result: 'fail', detail: 'weak key'}
  return {...about, result: 'pass', detail: ''}
}

interface ParsedField {
  readonly parsed?: {readonly d?: {readonly value?: unknown}; readonly s?: {readonly value?: unknown}}
}

function parsedField(set: unknown, name: string): ParsedField['parsed'] {
  return (set as Record<string, ParsedField> | undefined)?.[name]?.parsed
}

function sealerOf(set: unknown): string {
  return visible(String(parsedField(set, 'arc-seal')?.d?.value ?? '')).toLowerCase()
}

/** Where the keys of a set are. */
function keyNames(set: unknown): readonly string[] {
  return ['arc-seal', 'arc-message-signature'].map(name => {
    const tags = parsedField(set, name)
    return `${tags?.s?.value}._domainkey.${tags?.d?.value}`
  })
}
