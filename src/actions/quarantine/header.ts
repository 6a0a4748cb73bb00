/**
 * header — the fields that stand above a quarantined mail.
 *
 * Source: spec/daemon §7. They tell a person, and a later release, whom the mail was for and why it is here.
 * Return-Path and Delivered-To belong to the place of storage and are added there.
 */
import {scoreRange} from '../../verdict/summary.ts'
import type {Facts, RecipientVerdict, SpamLevels} from '../../verdict/verdict.ts'
import {alertFields} from '../edits/alert.ts'
import {authenticationResults} from '../edits/authentication-results.ts'
import {foldItems, foldLines, foldText} from '../edits/fold.ts'
import {quarantinedSpamStatus, type SpamMarks, spamFlag, spamLevel, spamScore} from '../edits/spam-fields.ts'

export interface QuarantineHeadFacts {
  readonly sender: string
  readonly mailId: string
  readonly verdicts: readonly RecipientVerdict[]
  readonly facts: Facts
  /** the place of storage keeps the envelope itself: no X-Envelope-To */
  readonly hasEnvelope: boolean
  /** `$sa_spam_level_char`; '' for none */
  readonly levelCharacter: string
  /** `$myauthservid`, for Authentication-Results */
  readonly authserv: string
  /** our Received field */
  readonly received: string
}

/** All fields but those of the storage, with CRLF. */
export function quarantineHead(item: QuarantineHeadFacts): string {
  const {verdicts, facts} = item
  const marks = summarise(verdicts, facts)
  const categories = verdicts.flatMap(verdict => verdict.categories)
  return [
    foldItems('X-Envelope-From', [`<${item.sender}>`]),
    item.hasEnvelope ? '' : recipientFields(verdicts),
    foldItems('X-Quarantine-ID', [`<${item.mailId}>`]),
    alertFields(categories, facts),
    facts.osFingerprint === undefined ? '' : foldText('X-Amavis-OS-Fingerprint', facts.osFingerprint),
    spamFlag(marks),
    spamScore(marks),
    item.levelCharacter === '' ? '' : spamLevel(marks, item.levelCharacter),
    quarantinedSpamStatus(marks),
    ...facts.scannerFields
      .filter(([name]) => !WRITTEN.has(name.toLowerCase()))
      .map(field => foldLines(...field)),
    authenticationResults(item.authserv, facts),
    item.received,
  ].join('')
}

/** Fields of a scanner that we write ourselves. */
const WRITTEN: ReadonlySet<string> = new Set(['x-spam-flag', 'x-spam-score', 'x-spam-level', 'x-spam-status'])

function recipientFields(verdicts: readonly RecipientVerdict[]): string {
  const blocked = verdicts.filter(({blocking}) => blocking)
  return addresses('X-Envelope-To', verdicts) + addresses('X-Envelope-To-Blocked', blocked)
}

function addresses(name: string, verdicts: readonly RecipientVerdict[]): string {
  const last = verdicts.length - 1
  return foldItems(
    name,
    verdicts.map(({recipient}, index) => `<${recipient.address}>${index < last ? ',' : ''}`),
  )
}

/** The recipients' marks as one: lowest levels, range of scores, any flag. */
function summarise(verdicts: readonly RecipientVerdict[], facts: Facts): SpamMarks {
  return {
    score: scoreRange(verdicts),
    levels: {
      tag: lowest(verdicts, 'tag'),
      tag2: lowest(verdicts, 'tag2'),
      tag3: lowest(verdicts, 'tag3'),
      kill: lowest(verdicts, 'kill'),
    },
    isSpam: verdicts.some(({reached}) => reached.tag2),
    blacklisted: verdicts.some(({blacklisted}) => blacklisted),
    whitelisted: verdicts.some(({whitelisted}) => whitelisted),
    bypassed: verdicts.every(({bypass}) => bypass.spam),
    tests: allTests(verdicts),
    autolearn: facts.autolearn,
  }
}

/** Each test once, as the first recipient has it. */
function allTests(verdicts: readonly RecipientVerdict[]): RecipientVerdict['tests'] {
  const [first, ...others] = verdicts
  if (others.length === 0) return first?.tests ?? []
  const found = new Map(
    verdicts.toReversed().flatMap(({tests}) => tests.map(test => [test.name, test] as const)),
  )
  return [...found.values()]
}

function lowest(verdicts: readonly RecipientVerdict[], name: keyof SpamLevels): number | undefined {
  let found: number | undefined
  for (const {levels} of verdicts) {
    const level = levels[name]
    if (level !== undefined && (found === undefined || level < found)) found = level
  }
  return found
}
