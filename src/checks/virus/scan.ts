/**
 * scan — asks the virus scanners about a mail and says what they found.
 *
 * The built-in test-string scanner always looks. Of the configured ones all primaries are asked at once, or with
 * `$first_infected_stops_scan` one after the other until one finds something; the backups only when no primary
 * answered (spec/daemon, av_scanners entry). When none answered, each failure is a finding, and the verdict knows that
 * the mail was not looked into.
 */
import type {Settings} from '../../config/settings.ts'
import {AmavisError, errorText} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import type {Part} from '../../message/message.ts'
import type {Octets} from '../../message/octets.ts'
import type {Finding} from '../finding.ts'
import type {ScannerAnswer} from './answer.ts'
import {type ScanFiles, writeFiles} from './files.ts'
import type {ScanSubject, VirusScanner} from './scanner.ts'
import type {ScannerPlan} from './scanners.ts'
import {scanTestString, TEST_STRING_SCANNER} from './test-string.ts'

export interface ScanDeps {
  readonly settings: Settings
  /** for all scanners together */
  readonly timeoutMs: number
  readonly log: Log
  /** for parts as files; whoever keeps it removes it */
  readonly folder: () => Promise<string>
}

export interface ScanResult {
  readonly findings: readonly Finding[]
  /** how many of the configured scanners answered; the built-in one does not count, as it knows so little */
  readonly answered: number
  /** the configured scanners that were asked, with the names that they gave */
  readonly asked: readonly Asked[]
}

export interface Asked {
  readonly scanner: string
  readonly names: readonly string[]
}

/** What of the time the primaries may take where there are backups. */
const PRIMARY_SHARE = 0.6

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
  if (!plan.isWanted) return {findings: findingsOf([builtIn], deps.log), answered: 0, asked: []}
  return scanWith(plan, builtIn, octets, parts, deps)
}

async function scanWith(
  {primary, backup}: ScannerPlan,
  builtIn: Named,
  octets: Octets,
  parts: readonly Part[],
  {settings, timeoutMs, log, folder}: ScanDeps,
): Promise<ScanResult> {
  let written: Promise<ScanFiles> | undefined
  const files = () => {
    written ??= folder()
      .then(where => writeFiles(octets, parts, where))
      .catch(cause => {
        throw new AmavisError('AM_STORAGE', `cannot write files for scanners: ${errorText(cause)}`, {cause})
      })
    return written
  }
  const subject: ScanSubject = {octets, parts, files, settings, log}
  const deadline = performance.now() + timeoutMs
  const asked = await askAll(primary, subject, backup.length > 0 ? timeoutMs * PRIMARY_SHARE : timeoutMs)
  if (!asked.some(hasAnswered)) {
    if (primary.length > 0 && backup.length > 0) {
      log.write(-1, 'WARN: all primary virus scanners failed, considering backups')
    }
    asked.push(...(await askAll(backup, subject, Math.max(1, deadline - performance.now()))))
  }
  if (asked.length === 0) asked.push(NOBODY)
  const answered = asked.filter(hasAnswered).length
  if (answered === 0) {
    log.write(-2, asked[0] === NOBODY ? 'NO VIRUS SCANNERS AVAILABLE' : 'AV: ALL VIRUS SCANNERS FAILED')
  }
  return {findings: findingsOf([...asked, builtIn], log), answered, asked: asked.map(wordOf)}
}

function wordOf({name, answer}: Named): Asked {
  return {scanner: name, names: answer.kind === 'infected' ? answer.names : []}
}

/** The configuration names scanners, and none of them is here. */
const NOBODY: Named = {
  name: 'none',
  answer: {kind: 'failed', reason: 'no virus scanner of the configuration is installed'},
}

function hasAnswered({answer}: Named): boolean {
  return answer.kind === 'clean' || answer.kind === 'infected'
}

async function askAll(
  scanners: readonly VirusScanner[],
  subject: ScanSubject,
  timeoutMs: number,
): Promise<Named[]> {
  if (!subject.settings.flag('$first_infected_stops_scan')) {
    return await Promise.all(scanners.map(scanner => ask(scanner, subject, timeoutMs)))
  }
  const deadline = performance.now() + timeoutMs
  const asked: Named[] = []
  for (const scanner of scanners) {
    const named = await ask(scanner, subject, Math.max(1, deadline - performance.now()))
    asked.push(named)
    if (named.answer.kind === 'infected') break
  }
  return asked
}

async function ask(scanner: VirusScanner, subject: ScanSubject, timeoutMs: number): Promise<Named> {
  const {name} = scanner
  const {log} = subject
  const answer = await scanner.scan(subject, timeoutMs)
  if (answer.kind === 'failed') log.write(-1, `run_av (${name}) FAILED - ${answer.reason}`)
  else if (answer.kind === 'infected')
    log.write(2, `run_av (${name}): mail INFECTED: ${answer.names.join(', ')}`)
  else if (log.enabled(3)) log.write(3, `run_av (${name}): mail ${answer.kind.toUpperCase()}`)
  return {name, answer}
}

/** The first scanner that found something gives the names; failures count only where nobody found anything. */
function findingsOf(results: readonly Named[], log: Log): Finding[] {
  const found = results.filter(({answer}) => answer.kind === 'infected')
  const [first] = found
  if (first?.answer.kind === 'infected') {
    const {names, output} = first.answer
    const who = found.map(({name}) => name).join(', ')
    log.write(2, `virus_scan: (${names.join(', ')}), detected by ${found.length} scanners: ${who}`)
    return [{kind: 'virus', scanner: first.name, names, ...(output !== undefined && {output})}]
  }
  return results.flatMap(({name, answer}): Finding[] => {
    if (answer.kind === 'failed') return [{kind: 'scanner-failed', scanner: name, reason: answer.reason}]
    if (answer.kind === 'inconclusive')
      return [{kind: 'scanner-failed', scanner: name, reason: 'it does not say what is clean'}]
    return []
  })
}
