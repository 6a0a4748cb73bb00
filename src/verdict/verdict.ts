/**
 * verdict — what was decided about each recipient, and what came of it. Types only.
 *
 * judge.ts makes a RecipientVerdict from findings and policy. The pipeline acts on it: quarantine, the next
 * hop, a DSN. outcome.ts joins verdict and deliveries to a RecipientOutcome, from which the reply
 * (reply.ts), the status words (status.ts), the counters (counters.ts) and the log entry are made.
 */
import type {Remote} from '../actions/forward/delivery.ts'
import type {Authentication} from '../checks/authentication/result.ts'
import type {VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Finding, ScoredTest} from '../checks/finding.ts'
import type {Asked} from '../checks/virus/scan.ts'
import type {Category, Destiny} from '../config/category.ts'
import type {Settings} from '../config/settings.ts'
import type {SmtpReply} from '../errors.ts'
import type {Envelope, Recipient} from '../message/envelope.ts'

/** Thresholds of one recipient in points (spec/config §6.1); undefined: not set. */
export interface SpamLevels {
  readonly tag: number | undefined
  readonly tag2: number | undefined
  readonly tag3: number | undefined
  readonly kill: number | undefined
}

/** Which thresholds the score reached. */
export interface LevelsReached {
  readonly tag: boolean
  readonly tag2: boolean
  readonly tag3: boolean
  readonly kill: boolean
}

/** Checks that do not count for a recipient (`@bypass_*_checks_maps`). */
export interface Bypass {
  readonly virus: boolean
  readonly banned: boolean
  readonly spam: boolean
  readonly header: boolean
}

/** A check that was made: virus, spam, header, banned, fingerprint, pen pals, DKIM (spec/daemon §13.6). */
export type CheckLetter = 'V' | 'S' | 'H' | 'B' | 'F' | 'P' | 'D'

export interface JudgeInput {
  /** am_id, for the reason text */
  readonly taskId: string
  /** as `weighVirusNames` gives them */
  readonly findings: readonly Finding[]
  readonly facts: Facts
  /** real virus scanners that gave an answer; the built-in one does not count, since it knows test strings only */
  readonly scannersAnswered: number
  readonly envelope: Envelope
  /** octets */
  readonly size: number
  readonly originating: boolean
  /** list, automatic or bulk mail (spec/daemon §2.5) */
  readonly isBulk: boolean
  readonly settings: Settings
  /** of each recipient, by these settings */
  readonly bypasses: readonly Bypass[]
}

/** What a mail's findings say about the mail as a whole, gathered once. */
export interface Facts {
  /** unique, in order of detection */
  readonly virusNames: readonly string[]
  /** that found them */
  readonly scanners: readonly string[]
  /** what they said */
  readonly scannerOutputs: readonly string[]
  /** all that were asked, with what each found */
  readonly asked: readonly Asked[]
  /** short reasons of banned parts, unique */
  readonly bannedReasons: readonly string[]
  /** rules that forbid them, and the parts' paths, as `checks/banned.ts` names them */
  readonly bannedRules: readonly string[]
  /** what these rules give */
  readonly bannedValues: readonly string[]
  readonly bannedParts: readonly string[]
  /** the first complaint about the header section */
  readonly headerComplaint: string | undefined
  /** which limit ended the taking apart of the mail; undefined: none did */
  readonly hold?: string | undefined
  /** the client's system, as X-Amavis-OS-Fingerprint has it; undefined: not known */
  readonly osFingerprint?: string | undefined
  /** DKIM signatures, topmost first; none where nobody verifies */
  readonly signatures?: readonly VerifiedSignature[] | undefined
  /** SPF, ARC and DMARC; none where nobody evaluates them */
  readonly authentication?: Authentication | undefined
  /** of the first scanner that says */
  readonly autolearn: string
  /** reports of the spam scanners, joined; '' for none */
  readonly spamReport: string
  readonly spamSummary: string
  /** header fields that spam scanners want in mail that passes */
  readonly scannerFields: readonly (readonly [name: string, body: string])[]
  /** names of header fields that spam scanners want out of it */
  readonly removedFields: readonly string[]
  /** what else spam scanners know, by its name: RELAYCOUNTRY, LANGUAGES … */
  readonly supplementary: ReadonlyMap<string, string>
}

export interface RecipientVerdict {
  readonly recipient: Recipient
  /** place in the envelope */
  readonly index: number
  /** in `@local_domains_maps` */
  readonly local: boolean
  readonly bypass: Bypass
  /** highest first; the first is the main one; the last is always Clean */
  readonly categories: readonly Category[]
  /** the category that decided to block; undefined: the mail passes */
  readonly blocking: Category | undefined
  readonly destiny: Destiny
  /** how a blocked recipient is answered; undefined: the next hop decides */
  readonly response: SmtpReply | undefined
  /** the reason's template, where it takes more than was known when the answer was made */
  readonly reasonTemplate?: string | undefined
  /** points; undefined: not scanned */
  readonly score: number | undefined
  /** what the score is made of: our own tests first, then the scanners' */
  readonly tests: readonly ScoredTest[]
  readonly levels: SpamLevels
  readonly reached: LevelsReached
  readonly blacklisted: boolean
  readonly whitelisted: boolean
  /** short reason of the first banned part for this recipient */
  readonly bannedReason: string | undefined
  /** a banned rule says DISCARD: no DSN */
  readonly discardRule: boolean
  /** tell the sender although nothing was bounced (`%warnsender_by_ccat`) */
  readonly warnSender: boolean
}

/** What became of one recipient's copy at the next hop: the forwarder's result, and how the copy looked. */
export interface Delivery {
  /** as the client is told it: `250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as X` */
  readonly reply: SmtpReply
  /** the next hop's name and own words with code; undefined: it did not answer */
  readonly remote: Remote | undefined
  readonly queuedAs: string | undefined
  /** the next hop has taken over the duty to send notifications */
  readonly dsnPassedOn: boolean
  /** Subject, address or X-Spam-* say that it is spam or otherwise bad */
  readonly tagged: boolean
  /** `selector:domain` of each signature of ours; undefined: none */
  readonly signedBy?: readonly string[] | undefined
  /** the client goes on with the mail itself; nobody was given it */
  readonly byClient?: boolean
}

/** `refused`: the next hop does not take the DSN for good; `failed`: not now. */
export type DsnResult = 'none' | 'sent' | 'suppressed' | 'failed' | 'refused'

/** One recipient at the end. */
export interface RecipientOutcome {
  readonly verdict: RecipientVerdict
  /** undefined: never given to a next hop */
  readonly delivery: Delivery | undefined
  /** as in the verdict, with the category MTA when the next hop refused */
  readonly categories: readonly Category[]
  readonly blocking: Category | undefined
  readonly destiny: Destiny
  /** the recipient's own answer, as LMTP gives it when no DSN is involved */
  readonly response: SmtpReply
  /** stored in quarantine, synced */
  readonly quarantined: boolean
  readonly dsn: DsnResult
}

/** Status words of the log and the counters (spec/config §9.5); Accepted: the client delivers. */
export type Status =
  | 'Accepted'
  | 'RelayedTagged'
  | 'RelayedUntagged'
  | 'Discarded'
  | 'Bounced'
  | 'NoBounce'
  | 'Rejected'
  | 'TempFailed'

export type Direction = 'Inbound' | 'Internal' | 'Outbound' | 'OpenRelay'
