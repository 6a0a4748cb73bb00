/**
 * log-facts — a mail's main entry for the log, made from what became of its recipients.
 */
import {validPairs} from '../checks/dkim/signature.ts'
import type {ClientText, EntryGroup, MainEntry, RecipientEntry} from '../log/main-entry.ts'
import type {Client} from '../message/envelope.ts'
import {actionsOf} from './status.ts'
import {isPassed, leadingCategory, logWord, scoreRange, shortWord} from './summary.ts'
import type {Facts, RecipientOutcome} from './verdict.ts'

export interface LoggedMail {
  readonly outcomes: readonly RecipientOutcome[]
  readonly facts: Facts
  readonly client: Client
  readonly bankPath: string
  readonly originating: boolean
  readonly sender: string
  /** the oldest public address of the Received fields */
  readonly oldestAddress: string | undefined
  /** with angle brackets */
  readonly messageId: string | undefined
  readonly resentMessageId: string | undefined
  readonly mailId: string
  /** octets */
  readonly size: number
  readonly partition: string
  /** locations in quarantine */
  readonly quarantine: readonly string[]
  readonly archived: boolean
  readonly elapsedMs: number
}

/**
 * The facts of the main entry. Each of its lines is called by what its own recipients are: mail that was
 * partly refused downstream is `Passed CLEAN` for those who got it.
 */
export function mainEntryOf(mail: LoggedMail): MainEntry {
  const {outcomes, facts, quarantine, archived, originating} = mail
  const verdicts = outcomes.map(({verdict}) => verdict)
  const group = (members: readonly RecipientOutcome[]): EntryGroup | undefined =>
    members.length === 0
      ? undefined
      : {
          word: logWord(leadingCategory(members), facts),
          recipients: members.map(({verdict}) => verdict.recipient.address),
        }
  return {
    passed: group(outcomes.filter(isPassed)),
    blocked: group(outcomes.filter(outcome => !isPassed(outcome))),
    actions: actionsOf(outcomes, {
      originating,
      quarantined: quarantine.length > (archived ? 1 : 0),
      archived,
    }),
    bankPath: mail.bankPath,
    originating,
    client: clientText(mail.client),
    oldestAddress: mail.oldestAddress,
    sender: mail.sender,
    quarantine,
    queueId: mail.client.forwarded.get('IDENT'),
    messageId: mail.messageId,
    resentMessageId: mail.resentMessageId,
    mailId: mail.mailId,
    score: scoreRange(verdicts),
    size: mail.size,
    partition: mail.partition,
    queuedAs: queuedAs(outcomes),
    dkimValid: validPairs(facts.signatures ?? []),
    dkimAdded: addedSignatures(outcomes),
    elapsedMs: mail.elapsedMs,
  }
}

export function recipientEntryOf(outcome: RecipientOutcome, sender: string): RecipientEntry {
  const {verdict, delivery} = outcome
  return {
    passed: isPassed(outcome),
    word: shortWord(leadingCategory([outcome])),
    sender,
    recipient: verdict.recipient.address,
    score: verdict.score,
    levels: verdict.levels,
    queuedAs: delivery?.queuedAs,
    answer: delivery?.remote?.text,
    local: verdict.local,
    reached: verdict.reached,
  }
}

/** The address that the mail came from: as the MTA says by XFORWARD, else that of the connection, without its port. */
export function clientText({forwarded, socketAddress}: Client): ClientText | undefined {
  const address = forwarded.get('ADDR')
  if (address === undefined)
    return socketAddress === undefined ? undefined : {address: socketAddress, port: undefined}
  const port = Number(forwarded.get('PORT') ?? Number.NaN)
  return {
    address: address.replace(/^IPv6:/i, ''),
    port: Number.isInteger(port) && port > 0 ? port : undefined,
  }
}

/** `selector:domain` of the signatures that copies got from us, each once. */
export function addedSignatures(outcomes: readonly RecipientOutcome[]): readonly string[] {
  let found: Set<string> | undefined
  for (const {delivery} of outcomes) {
    for (const pair of delivery?.signedBy ?? []) found = (found ?? new Set()).add(pair)
  }
  return found === undefined ? NONE : [...found]
}

const NONE: readonly string[] = []

/** Queue ids, or the next hops' own words where there are none; each once, in order. */
export function queuedAs(outcomes: readonly RecipientOutcome[]): readonly string[] {
  const found = new Set<string>()
  for (const {delivery} of outcomes) {
    const text = delivery?.queuedAs ?? delivery?.remote?.text
    if (text !== undefined) found.add(text)
  }
  return [...found]
}
