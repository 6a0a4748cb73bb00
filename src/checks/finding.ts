/**
 * finding — what a check reports. Checks state facts; the verdict decides what they mean.
 */
import type {Authentication} from './authentication/result.ts'
import type {VerifiedSignature} from './dkim/signature.ts'

export type Finding =
  | {
      readonly kind: 'virus'
      readonly scanner: string
      readonly names: readonly string[]
      /** what the scanner said */
      readonly output?: string | undefined
    }
  /** a scanner gave no answer; when all of them did so, the mail is unchecked */
  | {readonly kind: 'scanner-failed'; readonly scanner: string; readonly reason: string}
  | {readonly kind: 'banned'; readonly hit: BannedHit}
  | {readonly kind: 'bad-header'; readonly complaint: HeaderComplaint}
  /** undefined recipients: the report is about all of them */
  | {
      readonly kind: 'spam'
      readonly report: SpamReport
      readonly recipients?: readonly number[] | undefined
    }
  /** what lists of senders say, one entry for each recipient of the envelope */
  | {readonly kind: 'sender-lists'; readonly listings: readonly SenderListing[]}
  /** points that one of our own checks gives one recipient, or all: AM.PENPAL, AM.BOUNCE, AM.IP_BAD_… */
  | {
      readonly kind: 'points'
      readonly test: ScoredTest & {readonly score: number}
      readonly recipients?: readonly number[] | undefined
    }
  /** the reputation of a valid signature's domain draws the score towards it: (1 − factor)·score + factor·value */
  | {readonly kind: 'reputation'; readonly value: number; readonly factor: number}
  /** DKIM signatures, topmost first */
  | {readonly kind: 'signatures'; readonly signatures: readonly VerifiedSignature[]}
  /** what SPF, ARC and DMARC say; it changes no verdict by itself */
  | {readonly kind: 'authentication'; readonly results: Authentication}
  /** what is known of the client's system, as X-Amavis-OS-Fingerprint has it */
  | {readonly kind: 'os-fingerprint'; readonly text: string}
  /** something could not be looked into; minor as in the category Unchecked: 0 undecodable, 1 encrypted, 2 over limits, 3 ambiguous */
  | {
      readonly kind: 'unchecked'
      readonly minor: 0 | 1 | 2 | 3
      readonly part: string
      readonly reason: string
      /** the taking apart ended here: nobody knows what else is in the mail */
      readonly hold?: true
    }

/** A part that a rule of one or more recipients forbids (spec: banned check). */
export interface BannedHit {
  /** indices into the envelope's recipients */
  readonly recipients: readonly number[]
  /** `P=p001,L=1,M=…,T=asc,N=setup.exe`, components joined by ` | ` */
  readonly path: string
  /** short reason: the leaf's strings, `application/octet-stream,.asc,setup.exe` */
  readonly reason: string
  readonly rule: string
  /** what the rule gives for its key */
  readonly value: string
  /** the rule says DISCARD: a bounce becomes a silent discard */
  readonly discard: boolean
}

/** One complaint about the header section (spec: bad header checks); minor is the category's. */
export interface HeaderComplaint {
  readonly minor: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
  readonly message: string
}

/** A test that hit, and what it is worth in points; undefined: its scanner does not say. */
export interface ScoredTest {
  readonly name: string
  readonly score: number | undefined
}

/** How a sender stands with one recipient (spec/config §6.4, 6.5). */
export interface SenderListing {
  readonly blacklisted: boolean
  readonly whitelisted: boolean
  /** sum of the soft lists' points; undefined: none of them mentions the sender */
  readonly points: number | undefined
}

/** What one spam scanner says; score in points, already times its score_factor. */
export interface SpamReport {
  readonly scanner: string
  readonly score: number
  readonly tests: readonly ScoredTest[]
  /** `ham`, `spam`, `no`, …; '' where the scanner does not learn */
  readonly autolearn: string
  /** the scanner's own report, in lines; for X-Spam-Report and notifications */
  readonly report?: string
  readonly summary?: string
  /** header fields that it wants added to mail that passes: name and body, without line ends */
  readonly fields?: readonly (readonly [name: string, body: string])[]
  /** names of header fields that it wants out of mail that passes */
  readonly removedFields?: readonly string[]
  /** what else it knows, by its name: RELAYCOUNTRY, LANGUAGES … */
  readonly supplementary?: ReadonlyMap<string, string>
}
