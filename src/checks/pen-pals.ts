/**
 * pen-pals — points off for mail from those to whom our own users have written before.
 *
 * A store remembers which mail our users sent. It is asked for each local recipient for the last mail to this
 * sender, or for the one that this mail answers; the bonus is halved with each `$penpals_halflife` since then. Where
 * the score leaves nothing to decide nobody is asked, but for a bounce, which such a mail of ours explains.
 * Source: spec/daemon, "Pen pals"; spec/config §6.6.
 *
 * Diagnostics: each hit is a line of the log, level 2. A store that cannot be asked is as one that knows nothing,
 * at level -1.
 */
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {Envelope} from '../message/envelope.ts'
import type {Finding} from './finding.ts'

/** What was sent by one of our users. */
export interface SentMail {
  readonly mailId: string
  /** Unix time in ms */
  readonly sentAtMs: number
  readonly subject: string
}

export interface PenPalQuery {
  /** who writes now: the recipient of what is looked for */
  readonly sender: string
  /** our user: its sender */
  readonly recipient: string
  /** what this mail says it answers; one of them by our user counts, whoever it went to */
  readonly messageIds: readonly string[]
}

/** Who remembers what our users sent. */
export interface PenPalStore {
  /** The latest one; undefined: none is known. */
  latest(query: PenPalQuery): Promise<SentMail | undefined>
}

export interface PenPalMail {
  readonly envelope: Envelope
  readonly settings: Settings
  /** In-Reply-To, References, and the Message-ID of what a bounce returns */
  readonly messageIds: readonly string[]
  readonly subject: string
  /** a bounce that says which mail it returns */
  readonly isKnownBounce: boolean
  readonly isInfected: boolean
  /** in points, one entry for each recipient of the envelope */
  readonly scores: readonly number[]
  readonly isLocal: (address: string) => boolean
}

export interface PenPalHit {
  readonly ageMs: number
  readonly finding: Finding & {readonly kind: 'points'}
}

/** The largest bonus in points, and its half-life in s; undefined: pen pals are off. */
export function penPalBonus(settings: Settings): {bonus: number; halfLife: number} | undefined {
  const bonus = optionalNumber(settings.scalar('$penpals_bonus_score')) ?? 0
  const halfLife = optionalNumber(settings.scalar('$penpals_halflife')) ?? 0
  return bonus > 0 && halfLife > 0 ? {bonus, halfLife} : undefined
}

/** Rejects never. @param now Unix time in ms */
export async function askPenPals(
  mail: PenPalMail,
  store: PenPalStore,
  {log, count}: {readonly log: Log; readonly count: (name: string) => void},
  now = Date.now(),
): Promise<readonly PenPalHit[]> {
  const {envelope, settings, messageIds, subject, scores} = mail
  const set = penPalBonus(settings)
  if (!set) return []
  const asked = recipientsToAsk(mail, set.bonus)
  const hits: PenPalHit[] = []
  for (const index of asked) {
    const recipient = envelope.recipients[index]!.address
    count('PenPalsAttempts')
    const sent = await store
      .latest({sender: envelope.sender, recipient, messageIds})
      .catch(error => void log.write(-1, `penpals: the store cannot be asked: ${errorText(error)}`))
    count(sent ? 'PenPalsHits' : 'PenPalsMisses')
    if (!sent) continue
    const ageMs = Math.max(0, now - sent.sentAtMs)
    const points = set.bonus * 2 ** (-ageMs / 1000 / set.halfLife)
    const score = -Number(points.toFixed(3))
    hits.push({ageMs, finding: {kind: 'points', test: {name: 'AM.PENPAL', score}, recipients: [index]}})
    log.write(
      2,
      `penpals: adj.bonus ${points.toFixed(3)}, age ${ageText(ageMs)}, SA score ${scores[index]!.toFixed(3)}, ` +
        `<${envelope.sender}> replying to <${recipient}>, ref mail_id: ${sent.mailId}, ` +
        `prev.Subject: ${sent.subject}, this Subject: ${subject}`,
    )
  }
  return hits
}

/** Indices of the recipients for whom it may make a difference. */
function recipientsToAsk(mail: PenPalMail, bonus: number): readonly number[] {
  const {envelope, settings, isKnownBounce, isInfected, scores, isLocal} = mail
  const {sender, recipients} = envelope
  if (isInfected) return []
  // Who claims to be one of ours, and is not, has no pen pals.
  if (sender !== '' && isLocal(sender) && !settings.flag('$originating')) return []
  const low = optionalNumber(settings.scalar('$penpals_threshold_low'))
  const high = optionalNumber(settings.scalar('$penpals_threshold_high'))
  if (!isKnownBounce) {
    if (low !== undefined && Math.max(...scores) < low) return []
    if (high !== undefined && Math.min(...scores) - bonus > high) return []
  }
  return recipients.flatMap(({address}, index) =>
    isLocal(address) && address.toLowerCase() !== sender.toLowerCase() ? [index] : [],
  )
}

/** Days, then hours, minutes and seconds: `3 4:05:06`, and all in seconds. */
function ageText(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000)
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  const clock = `${Math.floor((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  return `${days} ${clock} (${seconds})`
}
