/**
 * scan — asks all spam scanners about a mail, side by side.
 *
 * A scanner that fails contributes nothing: the others' points count, and the log says who failed (spec/daemon,
 * Failure semantics). Where none answers, the built-in test-string scanner looks.
 */
import type {ScannerCondition} from '../breaker.ts'
import type {Finding, SpamReport} from '../finding.ts'
import type {ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from './scanner.ts'
import {scanSpamTestString} from './test-strings.ts'

export interface SpamScan extends ScanContext {
  /** a scanner has answered; ends its section of TIMING */
  readonly answered: (name: string) => void
  /** how a scanner is, after each mail; for the bus */
  readonly report: (name: string, condition: ScannerCondition, reason?: string) => void
}

/** Rejects never. */
export async function scanSpam(
  mail: SpamMail,
  scanners: readonly SpamScanner[],
  scan: SpamScan,
): Promise<readonly Finding[]> {
  const end = performance.now() + scan.timeoutMs
  const asked = await Promise.all(
    scanners.map(async scanner => {
      const result = await scanner.scan(mail, scan)
      scan.answered(scanner.section ?? scanner.name)
      if (result.kind === 'failed') {
        scan.log.write(-1, `${scanner.name} FAILED: ${result.reason}`)
        scan.report(scanner.name, result.isOpen ? 'open' : 'failing', result.reason)
      } else scan.report(scanner.name, 'ok')
      return {scanner, result}
    }),
  )
  const answers = asked.flatMap(({result}) => (result.kind === 'scanned' ? [result] : []))
  for (const {scanner, as} of lessons(asked)) {
    await scanner.learn?.(mail, as, {log: scan.log, timeoutMs: Math.max(1, end - performance.now())})
    scan.answered(`${scanner.name} learn`)
  }
  if (answers.length === 0) {
    const finding = scanBuiltIn(mail)
    // Nobody has looked for more than the test string: without it the mail has no score.
    return scanners.length > 0 && finding.report.score === 0 ? [] : [finding]
  }
  return answers.flatMap(result => result.answers.map(findingOf))
}

/** A mail with points below or from here on is certain enough to teach (spec/daemon §10.4). */
const HAM_BELOW = 0.5
const SPAM_FROM = 5

interface Asked {
  readonly scanner: SpamScanner
  readonly result: SpamResult
}

/**
 * Whom to teach what: scanners that see the mail otherwise than all together do. One alone learns nothing, as it would
 * only hear itself.
 */
export function lessons(
  asked: readonly Asked[],
): readonly {readonly scanner: SpamScanner; readonly as: 'ham' | 'spam'}[] {
  const answered = asked.flatMap(({scanner, result}) =>
    result.kind === 'scanned' ? [{scanner, result}] : [],
  )
  if (answered.length < 2) return []
  const total = answered.reduce((sum, {result}) => sum + highest(result.answers), 0)
  const as = total < HAM_BELOW ? 'ham' : total >= SPAM_FROM ? 'spam' : undefined
  if (as === undefined) return []
  return answered.flatMap(({scanner, result: {opinion}}) =>
    scanner.learn && opinion !== undefined && opinion !== as ? [{scanner, as}] : [],
  )
}

/** Points may differ by recipient. */
function highest(answers: readonly SpamAnswer[]): number {
  return Math.max(...answers.map(({report}) => report.score))
}

/** Looks for the test string: all that is done where no other scanner is, or answers. */
export function scanBuiltIn({
  content,
  header,
  parts,
}: Pick<SpamMail, 'content' | 'header' | 'parts'>): Finding & {kind: 'spam'} {
  return {kind: 'spam', report: scanSpamTestString(content.subarray(header.size), parts)}
}

function findingOf({report, recipients}: SpamAnswer): Finding {
  return {kind: 'spam', report, recipients}
}

/** Points of a report times the factor of its entry; its tests as they are. */
export function timesFactor(report: SpamReport, factor: number): SpamReport {
  return factor === 1 ? report : {...report, score: report.score * factor}
}
