/**
 * finding — what a check reports. Checks state facts; the verdict decides what they mean.
 */
export type Finding =
  | {readonly kind: 'virus'; readonly scanner: string; readonly names: readonly string[]}
  /** a scanner gave no answer; when all of them did so, the mail is unchecked */
  | {readonly kind: 'scanner-failed'; readonly scanner: string; readonly reason: string}
  | {readonly kind: 'banned'; readonly hit: BannedHit}
  | {readonly kind: 'bad-header'; readonly complaint: HeaderComplaint}
  | {readonly kind: 'spam'; readonly report: SpamReport}
  /** something could not be looked into; minor as in the category Unchecked: 0 undecodable, 1 encrypted, 2 over limits, 3 ambiguous */
  | {
      readonly kind: 'unchecked'
      readonly minor: 0 | 1 | 2 | 3
      readonly part: string
      readonly reason: string
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
  /** the rule says DISCARD: a bounce becomes a silent discard */
  readonly discard: boolean
}

/** One complaint about the header section (spec: bad header checks); minor is the category's. */
export interface HeaderComplaint {
  readonly minor: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
  readonly message: string
}

/** What one spam scanner says; score in points. */
export interface SpamReport {
  readonly scanner: string
  readonly score: number
  readonly tests: readonly {readonly name: string; readonly score: number}[]
  readonly autolearn: string
}
