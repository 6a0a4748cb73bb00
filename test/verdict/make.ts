/** Verdicts and outcomes for tests, with what matters to a test named and the rest ordinary. */

import {typeOf} from '../../src/bus/counter-sums.ts'
import type {Count, Counter} from '../../src/bus/publisher.ts'
import {type Category, type Destiny, MAJOR, type Major} from '../../src/config/category.ts'
import type {SmtpReply} from '../../src/errors.ts'
import type {Client, Envelope, Recipient} from '../../src/message/envelope.ts'
import type {Header} from '../../src/message/message.ts'
import {type CountedMail, countMail} from '../../src/verdict/counters.ts'
import {outcomeOf, withDsn} from '../../src/verdict/outcome.ts'
import type {
  Delivery,
  DsnResult,
  Facts,
  RecipientOutcome,
  RecipientVerdict,
} from '../../src/verdict/verdict.ts'

export const TASK = '24331-01'

export function recipient(address = 'user@example.com', more: Partial<Recipient> = {}): Recipient {
  return {address, orcpt: undefined, notify: undefined, ...more}
}

export function envelope(more: Partial<Envelope> = {}): Envelope {
  return {
    sender: 'sender@remote.test',
    recipients: [recipient()],
    declaredSize: undefined,
    body: undefined,
    smtputf8: false,
    ret: undefined,
    envid: undefined,
    ...more,
  }
}

export const client: Client = {
  socketAddress: '127.0.0.1',
  socketPort: 41234,
  helo: 'mx.remote.test',
  forwarded: new Map(),
}

export function category(major: Major, minor = 0): Category {
  return {major, minor}
}

export const CLEAN = category(MAJOR.Clean)

export function verdict(more: Partial<RecipientVerdict> = {}): RecipientVerdict {
  return {
    recipient: recipient(),
    index: 0,
    local: true,
    bypass: {virus: false, banned: false, spam: false, header: false},
    categories: [CLEAN],
    blocking: undefined,
    destiny: 'PASS',
    response: undefined,
    score: undefined,
    tests: [],
    levels: {tag: undefined, tag2: undefined, tag3: undefined, kill: undefined},
    reached: {tag: false, tag2: false, tag3: false, kill: false},
    blacklisted: false,
    whitelisted: false,
    bannedReason: undefined,
    discardRule: false,
    warnSender: false,
    ...more,
  }
}

/** A recipient whose mail a category blocks. */
export function blocked(
  destiny: Exclude<Destiny, 'PASS'>,
  major: Major = MAJOR.Spam,
  more: Partial<RecipientVerdict> = {},
): RecipientVerdict {
  const responses: Record<typeof destiny, SmtpReply> = {
    DISCARD: reply('250 2.7.0 Ok, discarded, id=24331-01 - spam'),
    REJECT: reply('554 5.7.0 Reject, id=24331-01 - spam'),
    BOUNCE: reply('554 5.7.0 Bounce, id=24331-01 - spam'),
    TEMPFAIL: reply('450 4.7.0 Temporary failure, id=24331-01 - spam'),
  }
  return verdict({
    categories: [category(major), CLEAN],
    blocking: category(major),
    destiny,
    response: responses[destiny],
    ...more,
  })
}

/** What a next hop answers, in its own words. */
export function delivery(
  words = '250 2.0.0 Ok: queued as Q7ABC0001',
  more: Partial<Delivery> = {},
): Delivery {
  const {code, enhanced} = reply(words)
  const text = `from MTA(smtp:[127.0.0.1]:21700): ${words}`
  return {
    reply: {code, enhanced, text},
    remote: {name: '[127.0.0.1]', place: '[127.0.0.1]:21700', text: words},
    queuedAs: /queued as (\S+)$/.exec(words)?.[1],
    dsnPassedOn: false,
    tagged: false,
    ...more,
  }
}

export function outcome(
  of: RecipientVerdict,
  options: {delivery?: Delivery; dsn?: DsnResult; quarantined?: boolean} = {},
): RecipientOutcome {
  return withDsn(outcomeOf(TASK, of, options.delivery, options.quarantined ?? false), options.dsn ?? 'none')
}

export const relayed = (words?: string): RecipientOutcome => outcome(verdict(), {delivery: delivery(words)})

export function facts(more: Partial<Facts> = {}): Facts {
  return {
    virusNames: [],
    bannedReasons: [],
    headerComplaint: undefined,
    autolearn: '',
    spamReport: '',
    spamSummary: '',
    scannerFields: [],
    removedFields: [],
    scanners: [],
    scannerOutputs: [],
    asked: [],
    bannedRules: [],
    bannedValues: [],
    bannedParts: [],
    supplementary: new Map(),
    ...more,
  }
}

/** `554 5.7.0 text` as a reply. */
export function reply(text: string): SmtpReply {
  const [, code, enhanced, rest] = /^(\d{3}) (\d\.\d\.\d) (.*)$/.exec(text)!
  return {code: Number(code), enhanced: enhanced!, text: rest!}
}

export function replyText({code, enhanced, text}: SmtpReply): string {
  return `${code} ${enhanced} ${text}`
}

/** A header section from its lines. */
export function header(...lines: readonly string[]): Header {
  const fields = lines.map(line => ({
    name: line.split(':')[0]!,
    raw: Buffer.from(`${line}\r\n`, 'latin1'),
  }))
  const size = fields.reduce((sum, {raw}) => sum + raw.length, 2)
  return {fields, size, doubtfulEnd: -1, isCut: false}
}

export function countedMail(more: Partial<CountedMail> = {}): CountedMail {
  return {
    originating: false,
    sender: 'sender@remote.test',
    size: 0,
    outcomes: [],
    virusNames: [],
    quarantines: [],
    deliveries: [],
    counted: new Map(),
    log: {byLevel: new Map(), lines: 0},
    elapsed: new Map(),
    ...more,
  }
}

/** What somebody counts, as the bus carries it. */
export function countersBy(counting: (count: Count) => void): (Counter & {readonly value: number})[] {
  const sums = new Map<string, number>()
  counting((name, n = 1) => void sums.set(name, (sums.get(name) ?? 0) + n))
  return [...sums].map(([name, value]) => ({name, type: typeOf(name), value}))
}

export function countersOf(mail: CountedMail): (Counter & {readonly value: number})[] {
  return countersBy(count => countMail(mail, count))
}
