/**
 * judge — from findings and policy to a verdict for each recipient.
 *
 * For each recipient: which categories the findings amount to (spec/config §5.2), which of them blocks and
 * with what destiny (§5.4), and how it is answered (§5.6). The order is from the highest category down; the
 * first that neither passes by destiny nor is loved by the recipient blocks. Pure: settings are read, nothing
 * else is.
 *
 * Unlike amavisd-new, the blocking category keeps its minor number. When all virus scanners failed the mail
 * is never clean: it waits (451) unless `$virus_scanners_failure_is_fatal` is defined and false; then it is
 * unchecked and the destiny of that category decides.
 */
import type {Finding} from '../checks/finding.ts'
import {type Category, compareCategories, type Destiny, MAJOR} from '../config/category.ts'
import type {Settings} from '../config/settings.ts'
import type {Recipient} from '../message/envelope.ts'
import {pointsFor} from './points.ts'
import {
  destinyOf,
  isListed,
  isLoved,
  levelFor,
  settingCategories,
  sizeLimitFor,
  textByCategory,
  warnsSender,
  withMajor,
} from './policy.ts'
import {blockedReply, needsLanguage, scannersFailedReply} from './reason.ts'
import type {Bypass, Facts, JudgeInput, LevelsReached, RecipientVerdict, SpamLevels} from './verdict.ts'

/** Whitelisting counts so much against the tag level, and against no other. */
const WHITELIST_BONUS = 10

const CLEAN: Category = {major: MAJOR.Clean, minor: 0}
const NOTHING_REACHED: LevelsReached = {tag: false, tag2: false, tag3: false, kill: false}

export function judge(input: JudgeInput): readonly RecipientVerdict[] {
  const {findings, facts} = input
  const scannersFailed = input.scannersAnswered === 0 && findings.some(({kind}) => kind === 'scanner-failed')
  return input.envelope.recipients.map((recipient, index) =>
    judgeRecipient(input, facts, scannersFailed, recipient, index),
  )
}

function judgeRecipient(
  input: JudgeInput,
  facts: Facts,
  scannersFailed: boolean,
  recipient: Recipient,
  index: number,
): RecipientVerdict {
  const {settings, taskId} = input
  const {address} = recipient
  const bypass = input.bypasses[index]!
  const levels = levelsOf(settings, address)
  const points = pointsFor(input.findings, index)
  const {score, blacklisted, whitelisted} = points
  const reached = bypass.spam ? NOTHING_REACHED : levelsReached(score, levels, blacklisted, whitelisted)
  const banned = input.findings.flatMap(finding =>
    finding.kind === 'banned' && finding.hit.recipients.includes(index) ? [finding.hit] : [],
  )
  const categories = new Categories()
  addFindings(input.findings, bypass, categories)
  if (banned.length > 0 && !bypass.banned) categories.add(MAJOR.Banned)
  if (isInfected(input.findings, facts) && !bypass.virus) categories.add(MAJOR.Virus)
  if (scannersFailed && !bypass.virus) categories.add(MAJOR.Unchecked)
  if (reached.kill) categories.add(MAJOR.Spam)
  if (reached.tag3) categories.add(MAJOR.Spammy, 1)
  if (reached.tag2) categories.add(MAJOR.Spammy)
  if (isOversized(input, address)) categories.add(MAJOR.Oversized)
  if (reached.tag) categories.add(MAJOR.Clean, 1)

  const sorted = categories.sorted()
  const bannedReason = banned[0]?.reason
  const mustWait =
    scannersFailed && !bypass.virus && sorted[0]?.major !== MAJOR.Virus && isScannerFailureFatal(settings)
  const decision = mustWait ? WAIT : decide(input, sorted, address)
  const {blocking, destiny} = decision
  const template =
    blocking === undefined
      ? ''
      : (textByCategory(settings, '%smtp_reason_by_ccat', withMajor(blocking), address) ?? '')
  const response =
    blocking === undefined || destiny === 'PASS'
      ? undefined
      : mustWait
        ? scannersFailedReply(taskId)
        : blockedReply(blocking, destiny, {
            template,
            taskId,
            virusNames: facts.virusNames,
            bannedReason,
            softBounce: settings.flag('$soft_bounce'),
          })
  return {
    recipient,
    index,
    local: isListed(settings, '@local_domains_maps', address),
    bypass,
    categories: sorted,
    blocking,
    destiny,
    response,
    reasonTemplate: !mustWait && needsLanguage(template) ? template : undefined,
    ...points,
    levels,
    reached,
    bannedReason,
    discardRule: banned.some(({discard}) => discard),
    warnSender: warnsSender(settings, settingCategories({categories: sorted, blocking})),
  }
}

/** A recipient's set of categories. */
class Categories {
  readonly #all: Category[] = []

  /** A minor category brings its major with it. */
  add(major: Category['major'], minor = 0): void {
    this.#put(major, minor)
    if (minor > 0) this.#put(major, 0)
  }

  /** Highest first; Clean is always there. */
  sorted(): readonly Category[] {
    if (this.#all.length === 0) return [CLEAN]
    this.#put(MAJOR.Clean, 0)
    return this.#all.sort(compareCategories)
  }

  #put(major: Category['major'], minor: number): void {
    if (this.#all.some(category => category.major === major && category.minor === minor)) return
    this.#all.push({major, minor})
  }
}

/** A virus without a name is one all the same. */
function isInfected(findings: readonly Finding[], {virusNames}: Facts): boolean {
  return (
    virusNames.length > 0 || findings.some(finding => finding.kind === 'virus' && finding.names.length === 0)
  )
}

function addFindings(findings: readonly Finding[], bypass: Bypass, categories: Categories): void {
  let worstHeader = 0
  for (const finding of findings) {
    switch (finding.kind) {
      case 'unchecked':
        // Ambiguous structure deceives other programs too: it counts even where viruses do not.
        if (!bypass.virus || finding.minor === 3) categories.add(MAJOR.Unchecked, finding.minor)
        break
      case 'bad-header':
        if (bypass.header) break
        if (finding.complaint.minor === 1) categories.add(MAJOR.BadHdr, 1)
        worstHeader = Math.max(worstHeader, finding.complaint.minor)
        break
    }
  }
  if (worstHeader > 0) categories.add(MAJOR.BadHdr, worstHeader)
}

function levelsOf(settings: Settings, address: string): SpamLevels {
  return {
    tag: levelFor(settings, '@spam_tag_level_maps', address),
    tag2: levelFor(settings, '@spam_tag2_level_maps', address),
    tag3: levelFor(settings, '@spam_tag3_level_maps', address),
    kill: levelFor(settings, '@spam_kill_level_maps', address),
  }
}

/** Which levels a score reaches (spec/config §6.1); an unknown score counts as 0. */
export function levelsReached(
  score: number | undefined,
  {tag, tag2, tag3, kill}: SpamLevels,
  blacklisted: boolean,
  whitelisted: boolean,
): LevelsReached {
  const points = score ?? 0
  const reaches = (level: number | undefined) =>
    !whitelisted && (blacklisted || (level !== undefined && points >= level))
  const reached3 = reaches(tag3)
  return {
    tag: blacklisted || tag === undefined || points - (whitelisted ? WHITELIST_BONUS : 0) >= tag,
    tag2: reached3 || reaches(tag2),
    tag3: reached3,
    kill: reaches(kill),
  }
}

function isOversized({size, settings}: JudgeInput, address: string): boolean {
  const limit = sizeLimitFor(settings, address)
  return limit !== undefined && size > limit
}

/** Undefined here means that mail waits until a scanner works: nothing passes unscanned by accident. */
function isScannerFailureFatal(settings: Settings): boolean {
  const name = '$virus_scanners_failure_is_fatal'
  return settings.scalar(name) === undefined || settings.flag(name)
}

interface Decision {
  readonly blocking: Category | undefined
  readonly destiny: Destiny
}

const CATCH_ALL: Category = {major: MAJOR.CatchAll, minor: 0}
const PASS: Decision = {blocking: undefined, destiny: 'PASS'}
const WAIT: Decision = {blocking: {major: MAJOR.Unchecked, minor: 0}, destiny: 'TEMPFAIL'}

/** The first category, from the highest down, that the policy does not let pass. */
function decide(
  {settings, envelope, isBulk}: JudgeInput,
  categories: readonly Category[],
  address: string,
): Decision {
  for (const category of [...categories, CATCH_ALL]) {
    const destiny = destinyOf(settings, category, address)
    if (destiny === undefined || destiny === 'PASS' || isLoved(settings, category, address)) continue
    // A complaint about a header is not worth a bounce to a list or to another bounce.
    if (destiny === 'BOUNCE' && category.major === MAJOR.BadHdr && (isBulk || envelope.sender === ''))
      continue
    // A policy for the major category blocks by the minor one that the mail has.
    const blocking = categories.find(({major}) => major === category.major) ?? category
    // A discard of which the sender is to be told is a bounce (spec/daemon §2.6).
    const isTold = destiny === 'DISCARD' && warnsSender(settings, withMajor(blocking))
    return {blocking, destiny: isTold ? 'BOUNCE' : destiny}
  }
  return PASS
}
