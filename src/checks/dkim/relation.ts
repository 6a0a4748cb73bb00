/**
 * relation — whom a valid signature stands for: the author, the sender, who sent the envelope, or a third party.
 *
 * Source: spec/daemon §11.2. Pure.
 */
import {optionalNumber} from '../../config/scalar.ts'
import type {Settings} from '../../config/settings.ts'
import {lookup} from '../../lookup/lookup.ts'
import {splitAddress} from '../../message/address.ts'
import type {Finding} from '../finding.ts'
import type {VerifiedSignature} from './signature.ts'

export interface Originators {
  /** addresses of From */
  readonly from: readonly string[]
  /** of Sender; undefined: the author is */
  readonly sender: string | undefined
  /** '' is the null sender */
  readonly envelopeSender: string
}

/** A role of its own, in the order in which the log names them. */
export type Role = 'Author' | 'Sender' | 'MailFrom'

/** None: a third party. */
export function rolesOf({domain}: VerifiedSignature, who: Originators): readonly Role[] {
  const covers = (address: string | undefined) =>
    address !== undefined && address !== '' && splitAddress(address).domain.toLowerCase() === domain
  const roles: Role[] = []
  if (who.from.some(covers)) roles.push('Author')
  if (covers(who.sender ?? who.from[0])) roles.push('Sender')
  if (covers(who.envelopeSender)) roles.push('MailFrom')
  return roles
}

/** `dkim: VALID Author+MailFrom signature by d=…`; of what failed, with the reason. */
export function verificationLine(signature: VerifiedSignature, who: Originators): string {
  const {domain, result, detail, algorithm, canonicalization, selector, identity} = signature
  const from = who.from.map(address => `<${address}>`).join(',')
  return (
    `dkim: ${result === 'pass' ? 'VALID' : 'FAILED'} ${rolesOf(signature, who).join('+') || 'third-party'} signature ` +
    `by d=${domain}, From: ${from}, a=${algorithm}, c=${canonicalization}, s=${selector}, i=${identity}` +
    (result === 'pass' ? '' : `, ${result}${detail === '' ? '' : ` (${detail})`}`)
  )
}

/** Valid, and by a key that is long enough to be relied on; ed25519 always is. */
export function isReliable({result, algorithm, bits}: VerifiedSignature, minimumBits: number): boolean {
  return result === 'pass' && (algorithm.startsWith('ed25519') || (bits ?? 0) >= minimumBits)
}

/** The signatures that lists may be asked about. */
export function reliableSignatures(
  signatures: readonly VerifiedSignature[],
  settings: Settings,
): readonly VerifiedSignature[] {
  const minimumBits = settings.number('$dkim_minimum_key_bits') ?? 0
  return signatures.filter(signature => isReliable(signature, minimumBits))
}

/** Whether the sender of the envelope is who he says: a valid signature is of his domain. */
export function coversEnvelopeSender(signatures: readonly VerifiedSignature[], sender: string): boolean {
  if (signatures.length === 0 || sender === '') return false
  const domain = splitAddress(sender).domain.toLowerCase()
  return signatures.some(signature => signature.result === 'pass' && signature.domain === domain)
}

/**
 * The lowest reputation of the domains that sign for the author or the sender; it draws the score to itself.
 * Source: spec/config §6.7, "signer reputation".
 */
export function reputationFindings(
  reliable: readonly VerifiedSignature[],
  who: Originators,
  settings: Settings,
): readonly Finding[] {
  if (settings.list('@signer_reputation_maps').length === 0) return NONE
  const values = reliable.flatMap(signature => {
    const roles = rolesOf(signature, who)
    if (!roles.includes('Author') && !roles.includes('Sender')) return []
    const value = lookup(settings.list('@signer_reputation_maps'), `@${signature.domain}`, settings)?.value
    return optionalNumber(value) ?? []
  })
  if (values.length === 0) return NONE
  return [
    {kind: 'reputation', value: Math.min(...values), factor: settings.number('$reputation_factor') ?? 0},
  ]
}

const NONE: readonly Finding[] = []
