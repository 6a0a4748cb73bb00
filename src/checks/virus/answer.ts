/**
 * answer — what a virus scanner says of a mail.
 */
export type ScannerAnswer =
  | {readonly kind: 'clean'}
  | {readonly kind: 'infected'; readonly names: readonly string[]; readonly output?: string | undefined}
  /** it found nothing, and its entry does not say what a clean mail looks like: nobody has looked */
  | {readonly kind: 'inconclusive'}
  /** no answer: the mail may be anything */
  | {readonly kind: 'failed'; readonly reason: string}

export function failed(reason: string): ScannerAnswer {
  return {kind: 'failed', reason}
}

/**
 * What several questions about one mail come to: infected when one is, with the names of all; else no answer when
 * one has none.
 */
export function combineAnswers(answers: readonly ScannerAnswer[]): ScannerAnswer {
  const infected = answers.filter(answer => answer.kind === 'infected')
  if (infected.length > 0)
    return {
      kind: 'infected',
      names: [...new Set(infected.flatMap(({names}) => names))],
      output: infected.flatMap(({output}) => output ?? []).join('\n'),
    }
  const worst =
    answers.find(({kind}) => kind === 'failed') ?? answers.find(({kind}) => kind === 'inconclusive')
  return worst ?? {kind: 'clean'}
}
