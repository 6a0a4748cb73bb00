/**
 * bounce-killer — points for bounces of mail that nobody here has sent.
 *
 * A bounce is rescued when pen pals know the mail that it returns, when it is our own users', or when the Message-ID
 * of what it returns is of a local domain. Without a store of what was sent nothing is known of the rest, and it is
 * rescued too: the clients of our users make Message-IDs of all kinds. Source: spec/daemon, "Bounce inspection and
 * killer"; the rescue by pen pals works here. Pure.
 */
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import {quoteAddress, splitAddress} from '../message/address.ts'
import type {Envelope} from '../message/envelope.ts'
import type {Bounce} from './bounce.ts'

export type BounceVerdict =
  | {readonly kind: 'killed'; readonly score: number}
  | {readonly kind: 'rescued'; readonly by: 'pen pals' | 'originating' | 'domain'}
  /** nobody remembers what our users sent */
  | {readonly kind: 'unknown'}
  /** it looks automatic and does not say what it returns */
  | {readonly kind: 'unverifiable'}

/** How old a mail of ours may be that explains a bounce. */
const LONGEST_RETURN_MS = 8 * 86_400_000

export interface KnownBounce {
  readonly bounce: Bounce
  readonly settings: Settings
  readonly isLocal: (address: string) => boolean
  /** somebody remembers what our users sent */
  readonly hasPenPals: boolean
}

/** In points; 0: bounces are not looked at. */
export function bounceKillerScore(settings: Settings): number {
  return Math.max(0, optionalNumber(settings.scalar('$bounce_killer_score')) ?? 0)
}

/** @param ageMs of the mails that pen pals found */
export function judgeBounce(known: KnownBounce, ageMs: readonly number[]): BounceVerdict {
  if (ageMs.some(age => age < LONGEST_RETURN_MS)) return {kind: 'rescued', by: 'pen pals'}
  const {bounce, settings, isLocal, hasPenPals} = known
  if (settings.flag('$originating')) return {kind: 'rescued', by: 'originating'}
  const id = bounce.messageId?.slice(1, -1)
  if (id !== undefined && splitAddress(id).domain !== '' && isLocal(id))
    return {kind: 'rescued', by: 'domain'}
  if (!hasPenPals) return {kind: 'unknown'}
  return {kind: 'killed', score: bounceKillerScore(settings)}
}

/** As the log has it: `bounce rescued by domain (DSN), <> -> <user@example.com>, From: …, Message-ID: …`. */
export function bounceLine(verdict: BounceVerdict, bounce: Bounce | undefined, envelope: Envelope): string {
  const recipients = envelope.recipients.map(({address}) => quoteAddress(address)).join(',')
  const way = `${quoteAddress(envelope.sender)} -> ${recipients}`
  if (verdict.kind === 'unverifiable' || !bounce) return `bounce unverifiable, ${way}`
  const what =
    verdict.kind === 'killed'
      ? 'killed'
      : `rescued by${verdict.kind === 'rescued' ? ` ${verdict.by}` : ': pen pals disabled'}`
  const claims = [
    ...(bounce.from === '' ? [] : [`From: ${bounce.from}`]),
    ...(bounce.messageId === undefined ? [] : [`Message-ID: ${bounce.messageId}`]),
  ]
  return [`bounce ${what} (${bounce.form})`, way, ...claims].join(', ')
}
