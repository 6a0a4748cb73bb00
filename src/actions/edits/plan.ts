/**
 * plan — what is changed in the header of passed mail, for each recipient.
 *
 * Source: spec/daemon §6. New fields stand above all others, in the order of §6.1; recipients whose fields
 * come out equal share a copy. Pure.
 */

import {authenticates} from '../../checks/authentication/wanted.ts'
import {type Category, MAJOR} from '../../config/category.ts'
import {isTrue} from '../../config/number.ts'
import type {Settings} from '../../config/settings.ts'
import {scoreText} from '../../log/main-entry.ts'
import type {Client, Listener} from '../../message/envelope.ts'
import {isNamed} from '../../message/header.ts'
import type {Header, HeaderField} from '../../message/message.ts'
import {isListed, textsByCategory} from '../../verdict/policy.ts'
import {displayName, leadingCategory} from '../../verdict/summary.ts'
import type {Facts, RecipientVerdict} from '../../verdict/verdict.ts'
import {rfc5322Date} from '../date.ts'
import {alertFields} from './alert.ts'
import type {HeaderEdits} from './apply.ts'
import {authenticationResults, isForged} from './authentication-results.ts'
import {foldItems, foldLines, foldText} from './fold.ts'
import {receivedField} from './received.ts'
import {type SpamMarks, spamFlag, spamLevel, spamScore, spamStatus} from './spam-fields.ts'
import {expandTag, taggedSubject} from './subject.ts'

export interface EditInput {
  readonly header: Header
  /** of recipients that pass */
  readonly verdicts: readonly RecipientVerdict[]
  /** how many the envelope has */
  readonly recipientCount: number
  readonly facts: Facts
  /** a copy went into quarantine */
  readonly quarantined: boolean
  /** how the body was changed: `defanged`, `using altermime` */
  readonly modified?: string | undefined
  /** above all others, whatever else is allowed */
  readonly customFields?: readonly {readonly name: string; readonly body: string}[] | undefined
  readonly client: Client
  readonly listener: Listener
  /** the client sends it on itself: no Received of ours */
  readonly deliveredByClient?: boolean
  /** the with clause of Received */
  readonly protocol: string
  readonly taskId: string
  readonly mailId: string
  /** ms since the epoch */
  readonly at: number
  readonly settings: Settings
}

/** Recipients whose copies are equal. */
export interface Cluster {
  readonly recipients: readonly RecipientVerdict[]
  readonly edits: HeaderEdits
  /** Subject or X-Spam-* say that it is spam or otherwise bad */
  readonly tagged: boolean
  /** the mail had no Subject, and gets one that is the tag */
  readonly addsSubject: boolean
}

/** Removed where `remove_existing_spam_headers_maps` says so: only ours are to be believed. */
const SPAM_FIELDS: readonly string[] = [
  'x-spam-status',
  'x-spam-level',
  'x-spam-flag',
  'x-spam-score',
  'x-spam-report',
  'x-spam-checker-version',
  'x-spam-tests',
]

export function planEdits(input: EditInput): readonly Cluster[] {
  const common = commonOf(input)
  const clusters = new Map<string, Cluster & {recipients: RecipientVerdict[]}>()
  for (const verdict of input.verdicts) {
    const {key, ...copy} = editsFor(verdict, input, common)
    const cluster = clusters.get(key)
    if (cluster) cluster.recipients.push(verdict)
    else clusters.set(key, {...copy, recipients: [verdict]})
  }
  return [...clusters.values()]
}

/** What is the same for all recipients, made once. */
interface Common {
  readonly received: string
  /** `$X_HEADER_TAG` and the field itself; '' where none is to be added */
  readonly scannedTag: string
  readonly scannedField: string
  readonly customFields: string
  /** X-Amavis-Modified, where the body was changed */
  readonly modifiedField: string
  /** our name in X-Amavis-Category and Authentication-Results, and fields there that claim it */
  readonly authserv: string
  readonly forged: ReadonlySet<HeaderField>
  /** Authentication-Results; '' where nothing was evaluated */
  readonly results: string
}

function commonOf(input: EditInput): Common {
  const {settings, header} = input
  const hostname = settings.string('$myhostname') ?? 'localhost'
  const scannedTag = settings.string('$X_HEADER_TAG') ?? ''
  const line = settings.string('$X_HEADER_LINE') ?? ''
  const addsScanned = scannedTag !== '' && line !== '' && isAllowed(settings, scannedTag.toLowerCase())
  const authserv = settings.string('$myauthservid') || hostname
  return {
    received:
      isAllowed(settings, 'received') && !input.deliveredByClient
        ? receivedOf(input, settings, hostname)
        : '',
    scannedTag,
    scannedField: addsScanned ? foldText(scannedTag, line) : '',
    customFields: input.customFields?.map(({name, body}) => foldText(name, body)).join('') ?? '',
    modifiedField:
      input.modified === undefined
        ? ''
        : foldText('X-Amavis-Modified', `Mail body modified (${input.modified}) - ${hostname}`),
    authserv,
    forged: forgedFields(header, authserv, settings),
    results: authenticationResults(authserv, input.facts),
  }
}

const NO_FIELDS: ReadonlySet<HeaderField> = new Set()

/** Fields that claim to be ours. */
function forgedFields(header: Header, authserv: string, settings: Settings): ReadonlySet<HeaderField> {
  const addsCategory = isAllowed(settings, 'x-amavis-category')
  const addsResults = authenticates(settings) && isAllowed(settings, 'authentication-results')
  let forged: Set<HeaderField> | undefined
  for (const field of header.fields) {
    if (
      (addsCategory && isCategoryOf(field, authserv)) ||
      (addsResults && isNamed(field, 'authentication-results') && isForged(field, authserv))
    )
      forged = (forged ?? new Set()).add(field)
  }
  return forged ?? NO_FIELDS
}

function editsFor(
  verdict: RecipientVerdict,
  input: EditInput,
  common: Common,
): Omit<Cluster, 'recipients'> & {key: string} {
  const {settings, header, facts, mailId} = input
  const {local, categories, bypass, recipient} = verdict
  const remove = new Set<string>(['x-amavis-hold'])
  let text = common.customFields
  const add = (name: string, field: string) => {
    if (isAllowed(settings, name)) text += field
  }
  if (facts.hold !== undefined) add('x-amavis-hold', foldText('X-Amavis-Hold', facts.hold))
  if (local) add('x-spam-checker-version', checkerVersion(facts, settings))
  if (local && input.quarantined) add('x-quarantine-id', foldItems('X-Quarantine-ID', [`<${mailId}>`]))
  if (input.modified !== undefined) add('x-amavis-modified', common.modifiedField)
  if (!bypass.virus) text += common.scannedField
  const alerts = hasAlert(categories) ? alertFields(categories, facts) : ''
  if (alerts !== '') add('x-amavis-alert', alerts)
  if (local && verdict.reached.tag) text += spamFields(verdict, facts, settings)
  if (local && facts.osFingerprint !== undefined)
    add('x-amavis-os-fingerprint', foldText('X-Amavis-OS-Fingerprint', facts.osFingerprint))
  if (local && common.results !== '') add('authentication-results', common.results)

  const tag = local ? subjectTag(verdict, input) : undefined
  const old = tag === undefined ? undefined : header.fields.find(({name}) => name.toLowerCase() === 'subject')
  const subject = tag === undefined ? undefined : taggedSubject(old, tag)
  if (subject && !old) text += subject.toString()
  text += common.received
  add(
    'x-amavis-category',
    `X-Amavis-Category: ${common.authserv}; category=${displayName(leadingCategory([verdict]))}\r\n`,
  )

  if (isListed(settings, '@remove_existing_spam_headers_maps', recipient.address)) {
    for (const name of SPAM_FIELDS) remove.add(name)
  }
  if (local) for (const name of facts.removedFields) remove.add(name.toLowerCase())
  if (settings.flag('$remove_existing_x_scanned_headers')) remove.add(common.scannedTag.toLowerCase())
  const isBad = categories.some(({major}) => major === MAJOR.Virus || major === MAJOR.Banned)
  return {
    edits: {prepend: text, remove, drop: common.forged, subject: old ? subject : undefined},
    addsSubject: subject !== undefined && !old,
    tagged: subject !== undefined || (local && verdict.reached.tag2) || isBad,
    key: `${[...remove].join()}\n${subject ?? ''}\n${text}`,
  }
}

/** X-Spam-*; each needs to be allowed, and preferred to what a scanner itself would add. */
function spamFields(verdict: RecipientVerdict, facts: Facts, settings: Settings): string {
  const {score, levels, reached, blacklisted, whitelisted, bypass} = verdict
  const marks: SpamMarks = {
    score: score === undefined ? undefined : {min: score, max: score},
    levels,
    isSpam: reached.tag2,
    blacklisted,
    whitelisted,
    bypassed: bypass.spam,
    tests: verdict.tests,
    autolearn: facts.autolearn,
  }
  const preferred = settings.hash('%prefer_our_added_header_fields')
  const character = settings.string('$sa_spam_level_char') ?? ''
  const wants = (name: string) => isAllowed(settings, name) && isTrue(preferred.get(name))
  const given = facts.scannerFields.filter(
    ([name]) => name.toLowerCase() !== CHECKER_VERSION && isAllowed(settings, name.toLowerCase()),
  )
  let text = ''
  if (wants('x-spam-flag')) text += spamFlag(marks)
  if (wants('x-spam-score')) text += spamScore(marks)
  if (character !== '' && wants('x-spam-level')) text += spamLevel(marks, character)
  if (wants('x-spam-status')) text += spamStatus(marks)
  if (reached.tag2 && wants('x-spam-report')) text += foldLines('X-Spam-Report', facts.spamReport)
  for (const [name, body] of given) {
    if (!isTrue(preferred.get(name.toLowerCase()))) text += foldLines(name, body)
  }
  for (const wanted of PROGRAM_FIELDS) {
    for (const [name, body] of given) {
      if (name.toLowerCase() === wanted && wants(wanted)) text += foldLines(name, body)
    }
  }
  return text
}

/** What people need who train such a program by the mail that they got: no other field takes the place of these. */
const PROGRAM_FIELDS: readonly string[] = [
  'x-dspam-result',
  'x-dspam-signature',
  'x-crm114-status',
  'x-crm114-cacheid',
]

const CHECKER_VERSION = 'x-spam-checker-version'

/** `SpamAssassin 4.0.1 (2024-03-26) on mx.example.com`, in our words or its own; '' where it did not scan. */
function checkerVersion({scannerFields, supplementary}: Facts, settings: Settings): string {
  const own = scannerFields.find(([name]) => name.toLowerCase() === CHECKER_VERSION)?.[1]
  const isOurs = isTrue(settings.hash('%prefer_our_added_header_fields').get(CHECKER_VERSION))
  const version = supplementary.get('SAVERSION')
  if (!isOurs || version === undefined)
    return own === undefined ? '' : foldLines('X-Spam-Checker-Version', own)
  const released = supplementary.get('SASUBVERSION')
  const host = settings.string('$myhostname') ?? 'localhost'
  return foldText(
    'X-Spam-Checker-Version',
    `SpamAssassin ${version}${released ? ` (${released})` : ''} on ${host}`,
  )
}

/** The first tag from the highest category down, tokens filled in; all categories count. */
function subjectTag(verdict: RecipientVerdict, input: EditInput): string | undefined {
  const {settings} = input
  const {address} = verdict.recipient
  for (const tag of textsByCategory(settings, '%subject_tag_maps_by_ccat', verdict.categories, address)) {
    const {score, levels, reached} = verdict
    return expandTag(tag, {
      score: score === undefined ? 'x' : scoreText(score),
      required: levels.tag2 === undefined ? '' : scoreText(levels.tag2),
      isSpam: reached.tag2,
      hostname: settings.string('$myhostname') ?? 'localhost',
      date: rfc5322Date(input.at),
      unixTime: Math.floor(input.at / 1000),
      taskId: input.taskId,
      mailId: input.mailId,
    })
  }
  return undefined
}

function receivedOf(input: EditInput, settings: Settings, hostname: string): string {
  const only = input.recipientCount === 1 ? input.verdicts[0]?.recipient.address : undefined
  return receivedField({
    client: input.client,
    listener: input.listener,
    protocol: input.protocol,
    localName: settings.string('$localhost_name') ?? 'localhost',
    hostname,
    product: settings.string('$myproduct_name') ?? 'amavis',
    mailId: input.mailId,
    onlyRecipient: only,
    at: input.at,
  })
}

function isAllowed(settings: Settings, name: string): boolean {
  return isTrue(settings.hash('%allowed_added_header_fields').get(name))
}

function hasAlert(categories: readonly Category[]): boolean {
  const [main] = categories
  return main !== undefined && main.major > MAJOR.Clean
}

/** An X-Amavis-Category that claims to be ours. */
function isCategoryOf({name, raw}: HeaderField, authserv: string): boolean {
  if (name.toLowerCase() !== 'x-amavis-category') return false
  const [id = ''] = raw
    .toString('latin1')
    .slice(name.length + 1)
    .split(';')
  return id.trim().toLowerCase() === authserv.toLowerCase()
}
