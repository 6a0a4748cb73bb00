/**
 * facts — what the findings say about the mail as a whole, the same for all recipients. Points, which are not,
 * are counted by points.ts.
 *
 * Names that virus scanners give to what is merely unwanted count as spam points, by
 * `@virus_name_to_spam_score_maps`; a mail with nothing worse in it is not infected (spec/config §2.10).
 */

import type {Authentication} from '../checks/authentication/result.ts'
import type {VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Finding, ScoredTest, SpamReport} from '../checks/finding.ts'
import type {Asked} from '../checks/virus/scan.ts'
import type {Settings} from '../config/settings.ts'
import {levelFor} from './policy.ts'
import type {Facts} from './verdict.ts'

type VirusFinding = Extract<Finding, {kind: 'virus'}>

/**
 * Names and reasons are unique, in order of detection.
 * @param findings as `weighVirusNames` gives them
 */
export function factsOf(findings: readonly Finding[], asked: readonly Asked[] = []): Facts {
  const virusNames = new Set<string>()
  const scanners = new Set<string>()
  const scannerOutputs: string[] = []
  const bannedReasons = new Set<string>()
  const bannedRules = new Set<string>()
  const bannedValues = new Set<string>()
  const bannedParts = new Set<string>()
  let headerComplaint: string | undefined
  let hold: string | undefined
  let osFingerprint: string | undefined
  let signatures: readonly VerifiedSignature[] | undefined
  let authentication: Authentication | undefined
  let autolearn = ''
  const reports: SpamReport[] = []
  for (const finding of findings) {
    switch (finding.kind) {
      case 'virus':
        for (const name of finding.names) virusNames.add(name)
        scanners.add(finding.scanner)
        if (finding.output) scannerOutputs.push(finding.output)
        break
      case 'banned':
        bannedReasons.add(finding.hit.reason)
        bannedRules.add(finding.hit.rule)
        bannedValues.add(finding.hit.value)
        bannedParts.add(finding.hit.path)
        break
      case 'bad-header':
        headerComplaint ??= finding.complaint.message
        break
      case 'unchecked':
        if (finding.hold) hold ??= finding.reason
        break
      case 'os-fingerprint':
        osFingerprint = finding.text
        break
      case 'signatures':
        signatures = finding.signatures
        break
      case 'authentication':
        authentication = finding.results
        break
      case 'spam':
        autolearn ||= finding.report.autolearn
        reports.push(finding.report)
        break
    }
  }
  return {
    virusNames: [...virusNames],
    scanners: [...scanners],
    scannerOutputs,
    asked,
    bannedReasons: [...bannedReasons],
    bannedRules: [...bannedRules],
    bannedValues: [...bannedValues],
    bannedParts: [...bannedParts],
    headerComplaint,
    hold,
    osFingerprint,
    signatures,
    authentication,
    autolearn,
    spamReport: joined(reports.map(({report}) => report)),
    spamSummary: joined(reports.map(({summary}) => summary)),
    scannerFields: reports.flatMap(({fields}) => fields ?? []),
    removedFields: reports.flatMap(({removedFields}) => removedFields ?? []),
    supplementary: supplementaryOf(reports),
  }
}

const NONE: ReadonlyMap<string, string> = new Map()

function supplementaryOf(reports: readonly SpamReport[]): ReadonlyMap<string, string> {
  const known = reports.flatMap(({supplementary}) => (supplementary ? [supplementary] : []))
  return known.length === 0 ? NONE : new Map(known.flatMap(more => [...more]))
}

function joined(texts: readonly (string | undefined)[]): string {
  return texts.filter(Boolean).join('\n')
}

/** Viruses whose names all stand for points become one spam report with the highest of them. */
export function weighVirusNames(findings: readonly Finding[], settings: Settings): readonly Finding[] {
  const named = virusTests(findings, settings)
  const tests = named.flatMap(({name, score}) => (score === undefined ? [] : [{name, score}]))
  if (tests.length < named.length || tests.length === 0) return findings
  const score = Math.max(...tests.map(test => test.score))
  const report: Finding = {kind: 'spam', report: {scanner: 'AV', score, tests, autolearn: ''}}
  return [report, ...findings.filter(({kind}) => kind !== 'virus')]
}

/** For spam scanners, whose rules may ask for it: `AV:Phishing.Bank-1=5,AV:Eicar`; undefined: no virus was found. */
export function virusStatusOf(findings: readonly Finding[], settings: Settings): string | undefined {
  const named = virusTests(findings, settings)
  if (named.length === 0) return undefined
  return named.map(({name, score}) => (score === undefined ? name : `${name}=${score}`)).join(',')
}

/** Each virus name as a test, with its points where it stands for some. */
function virusTests(findings: readonly Finding[], settings: Settings): readonly ScoredTest[] {
  const viruses = findings.filter((finding): finding is VirusFinding => finding.kind === 'virus')
  if (viruses.length === 0) return []
  const names = new Set(viruses.flatMap(finding => finding.names))
  return [...names].map(name => ({
    name: `AV:${name}`,
    score: levelFor(settings, '@virus_name_to_spam_score_maps', name),
  }))
}
