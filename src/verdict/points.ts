/**
 * points — how many points a mail has for one recipient, and which tests they are made of.
 *
 * Order and names are those of spec/config §6.6: virus names, soft lists, scanners, reputation of the client's
 * address, of the signer, pen pals, bounces. Our own tests stand first, the scanners' follow. Pure.
 */
import type {Finding, ScoredTest} from '../checks/finding.ts'

export interface Points {
  /** undefined: nobody looked */
  readonly score: number | undefined
  readonly tests: readonly ScoredTest[]
  readonly blacklisted: boolean
  readonly whitelisted: boolean
}

const NOTHING: Points = {score: undefined, tests: [], blacklisted: false, whitelisted: false}

/**
 * @param findings as `weighVirusNames` gives them
 * @param index of the recipient in the envelope
 */
export function pointsFor(findings: readonly Finding[], index: number): Points {
  const concerning = findings.filter(finding => isAboutPoints(finding, index))
  if (concerning.length === 0) return NOTHING
  const sum = new Sum()
  const scannerTests: ScoredTest[] = []
  let listing: {readonly blacklisted: boolean; readonly whitelisted: boolean} = NOTHING
  for (const finding of concerning) {
    if (finding.kind === 'sender-lists') {
      const found = finding.listings[index]
      if (found) listing = found
      if (found?.points !== undefined) sum.add({name: 'AM.WBL', score: found.points})
    } else if (finding.kind === 'spam') {
      const {score, tests} = finding.report
      sum.addPoints(score)
      for (const test of tests) (test.name.startsWith('AV:') ? sum.tests : scannerTests).push(test)
    }
  }
  const own = concerning.flatMap(finding => (finding.kind === 'points' ? [finding.test] : []))
  for (const test of own) if (isAboutClient(test)) sum.add(test)
  const reputations = concerning.filter(finding => finding.kind === 'reputation')
  if (reputations.length > 0)
    sum.draw(reputations.reduce((worst, next) => (next.value < worst.value ? next : worst)))
  for (const test of own) if (!isAboutClient(test)) sum.add(test)
  return {
    score: sum.score,
    tests: [...sum.tests, ...scannerTests],
    blacklisted: listing.blacklisted,
    whitelisted: listing.whitelisted,
  }
}

class Sum {
  score: number | undefined
  /** our own */
  readonly tests: ScoredTest[] = []

  addPoints(points: number): void {
    this.score = (this.score ?? 0) + points
  }

  add(test: ScoredTest & {readonly score: number}): void {
    this.addPoints(test.score)
    this.tests.push(test)
  }

  /** The reputation's value draws the score towards it by its factor. */
  draw({value, factor}: {readonly value: number; readonly factor: number}): void {
    this.add({name: 'AM.DKIM_REPUT', score: factor * (value - (this.score ?? 0))})
  }
}

function isAboutClient({name}: ScoredTest): boolean {
  return name.startsWith('AM.IP_BAD_')
}

function isAboutPoints(finding: Finding, index: number): boolean {
  switch (finding.kind) {
    case 'spam':
    case 'points':
      return finding.recipients?.includes(index) ?? true
    case 'sender-lists':
    case 'reputation':
      return true
    default:
      return false
  }
}
