/**
 * scan — asks all virus scanners about a mail and says what they found.
 *
 * The built-in test-string scanner always looks. Of the configured ones all primaries are asked at once; the
 * backups only when no primary answered (spec/daemon, av_scanners entry). When none answered, each failure is
 * a finding, and the verdict knows that the mail was not looked into.
 */
import type {Log} from '../../log/log.ts'
import type {Part} from '../../message/message.ts'
import type {Octets} from '../../message/octets.ts'
import type {Finding} from '../finding.ts'
import type {ScannerAnswer} from './answer.ts'
import {type ClamdOptions, scanClamd} from './clamd.ts'
import {endpointText, type Scanner, type ScannerPlan} from './scanners.ts'
import {scanTestString, TEST_STRING_SCANNER} from './test-string.ts'

export interface ScanDeps {
  readonly timeoutMs: number
  readonly log: Log
  readonly connect?: ClamdOptions['connect']
  /** is told of each scanner that was asked, and why it failed */
  readonly onAnswer?: ((scanner: string, failed: string | undefined) => void) | undefined
}

export interface ScanResult {
  readonly findings: readonly Finding[]
  /** how many of the configured scanners answered; the built-in one does not count, as it knows so little */
  readonly answered: number
}

interface Named {
  readonly name: string
  readonly answer: ScannerAnswer
}

/** Never rejects; answers at once where there is nobody to wait for. */
export function scanViruses(
  octets: Octets,
  parts: readonly Part[],
  plan: ScannerPlan,
  deps: ScanDeps,
): ScanResult | Promise<ScanResult> {
  const builtIn: Named = {name: TEST_STRING_SCANNER, answer: scanTestString(parts)}
  if (plan.primary.length === 0 && plan.backup.length === 0) {
    return {findings: findingsOf([builtIn], deps.log), answered: 0}
  }
  return scanWith(plan, builtIn, octets, parts, deps)
}

async function scanWith(
  plan: ScannerPlan,
  builtIn: Named,
  octets: Octets,
  parts: readonly Part[],
  deps: ScanDeps,
): Promise<ScanResult> {
  const asked = await askAll(plan.primary, octets, parts, deps)
  if (!asked.some(hasAnswered)) {
    if (plan.primary.length > 0 && plan.backup.length > 0) {
      deps.log.write(-1, 'WARN: all primary virus scanners failed, considering backups')
    }
    asked.push(...(await askAll(plan.backup, octets, parts, deps)))
  }
  const answered = asked.filter(hasAnswered).length
  if (answered === 0) deps.log.write(-2, 'AV: ALL VIRUS SCANNERS FAILED')
  return {findings: findingsOf([...asked, builtIn], deps.log), answered}
}

function hasAnswered({answer}: Named): boolean {
  return answer.kind !== 'failed'
}

function askAll(
  scanners: readonly Scanner[],
  octets: Octets,
  parts: readonly Part[],
  deps: ScanDeps,
): Promise<Named[]> {
  return Promise.all(
    scanners.map(async scanner => {
      const answer = await ask(scanner, octets, parts, deps)
      deps.onAnswer?.(scanner.name, answer.kind === 'failed' ? answer.reason : undefined)
      return {name: scanner.name, answer}
    }),
  )
}

async function ask(
  scanner: Scanner,
  octets: Octets,
  parts: readonly Part[],
  deps: ScanDeps,
): Promise<ScannerAnswer> {
  const {timeoutMs, log, connect} = deps
  if (scanner.kind === 'unsupported') return {kind: 'failed', reason: scanner.reason}
  const deadline = performance.now() + timeoutMs
  let last: ScannerAnswer = {kind: 'failed', reason: 'it has no socket'}
  for (const endpoint of scanner.endpoints) {
    const left = deadline - performance.now()
    if (left <= 0) break
    last = await scanClamd(octets, parts, {endpoint, timeoutMs: left, ...(connect && {connect})})
    if (last.kind !== 'failed') return last
    log.write(-1, `run_av (${scanner.name}) FAILED at ${endpointText(endpoint)}: ${last.reason}`)
  }
  return last
}

/** The first scanner that found something gives the names; failures count only where nobody found anything. */
function findingsOf(results: readonly Named[], log: Log): Finding[] {
  const found = results.filter(({answer}) => answer.kind === 'infected')
  const [first] = found
  if (first?.answer.kind === 'infected') {
    const {names} = first.answer
    for (const {name, answer} of found) {
      if (answer.kind === 'infected') log.write(2, `run_av (${name}): INFECTED: ${answer.names.join(', ')}`)
    }
    const who = found.map(({name}) => name).join(', ')
    log.write(2, `virus_scan: (${names.join(', ')}), detected by ${found.length} scanners: ${who}`)
    return [{kind: 'virus', scanner: first.name, names}]
  }
  return results.flatMap(({name, answer}): Finding[] =>
    answer.kind === 'failed' ? [{kind: 'scanner-failed', scanner: name, reason: answer.reason}] : [],
  )
}
