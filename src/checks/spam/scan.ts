/**
 * scan — asks all spam scanners about a mail, side by side.
 *
 * A scanner that fails contributes nothing: the others' points count, and the log says who failed (spec/daemon,
 * Failure semantics). Where none answers, the built-in test-string scanner looks.
 */
import type {Finding, SpamReport} from '../finding.ts'
import type {ScanContext, SpamAnswer, SpamMail, SpamScanner} from './scanner.ts'
import {scanSpamTestString} from './test-strings.ts'

export interface SpamScan extends ScanContext {
  /** a scanner has answered; ends its section of TIMING */
  readonly answered: (name: string) => void
}

/** Rejects never. */
export async function scanSpam(
  mail: SpamMail,
  scanners: readonly SpamScanner[],
  scan: SpamScan,
): Promise<readonly Finding[]> {
  const results = await Promise.all(
    scanners.map(async scanner => {
      const result = await scanner.scan(mail, scan)
      scan.answered(scanner.section ?? scanner.name)
      if (result.kind === 'failed') scan.log.write(-1, `${scanner.name} FAILED: ${result.reason}`)
      return result
    }),
  )
  const answers = results.filter(result => result.kind === 'scanned')
  if (answers.length === 0) {
    const finding = scanBuiltIn(mail)
    // Nobody has looked for more than the test string: without it the mail has no score.
    return scanners.length > 0 && finding.report.score === 0 ? [] : [finding]
  }
  return answers.flatMap(result => result.answers.map(findingOf))
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
