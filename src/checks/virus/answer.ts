/**
 * answer — what a virus scanner says of a mail.
 */
export type ScannerAnswer =
  | {readonly kind: 'clean'}
  | {readonly kind: 'infected'; readonly names: readonly string[]}
  /** no answer: the mail may be anything */
  | {readonly kind: 'failed'; readonly reason: string}
