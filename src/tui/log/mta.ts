/**
 * mta — the MTA's lines about mails of ours, found by queue id, and merged with ours. Pure.
 *
 * Postfix: `postfix/smtpd[88]: 4XyZ12: client=…`. Its bounces and our notices have queue ids of their own, which lead on
 * from the mail's; what smtpd_proxy_filter says has none, but our answer in it.
 */
import type {LogEntry} from './entry.ts'
import type {LoggedMail} from './messages.ts'

/** What a line of Postfix is about: a queue id, `id=<am_id>` where it has none, or undefined. */
export function keyOf({taskId, program, text}: LogEntry): string | undefined {
  if (taskId !== undefined || !program.includes('/')) return undefined
  const id = /^(?:(?:warning|info): )?([0-9A-Za-z]{5,20}): /.exec(text)?.[1]
  if (id !== undefined) return id === 'NOQUEUE' ? undefined : id
  const [, answer = ''] = /^proxy-(?:accept|reject): END-OF-MESSAGE: (.*); from=</.exec(text) ?? []
  return / queued as (\w+)$/.exec(answer)?.[1] ?? /\b(id=\d+-[\w-]+)/.exec(answer)?.[1]
}

interface Link {
  readonly from: string
  readonly to: string
}

/**
 * What a line about `key` tells of another queue id: a bounce that Postfix made of the mail, or that the mail is a
 * notice of ours or was released by us, by its Message-ID.
 */
function linkOf(text: string, key: string): Link | undefined {
  const bounce = / notification: ([0-9A-Za-z]{5,20})$/.exec(text)?.[1]
  if (bounce !== undefined) return {from: key, to: bounce}
  const [, notice, released] =
    /: (?:message-id=<(?:DSN|V[SRA]|SA|ARF|QRA)([\w-]{10,})@|resent-message-id=<([\w-]{21,})@)/.exec(text) ??
    []
  const id = notice ?? released
  return id === undefined ? undefined : {from: ofUs(id), to: key}
}

/** The key of an id of ours that is in a Message-ID. */
function ofUs(id: string): string {
  return `message-id=${id}`
}

interface Placed {
  readonly entry: LogEntry
  /** which one of all it was */
  readonly number: number
}

interface KeyRecord {
  readonly lines: Placed[]
  /** keys that belong to the same mail */
  readonly next: string[]
}

/** A mail for thousands of recipients has a line for each. */
const MOST_LINES = 2000
/** Anybody may write a Message-ID as ours are. */
const MOST_NEXT = 100
/** A process of ours has its number again some day. */
const SAME_TASK_MS = 600_000

/** Lines by key: of those that are wanted, and of so many others that came last. */
export class QueueLines {
  readonly #wanted = new Map<string, KeyRecord>()
  readonly #recent = new Map<string, KeyRecord>()
  readonly #mostRecent: number
  #count = 0

  constructor(mostRecent: number, wanted: Iterable<string> = []) {
    this.#mostRecent = mostRecent
    for (const key of wanted) this.want(key)
  }

  /** Keep the lines about it, and about what belongs to it. */
  want(key: string): void {
    if (this.#wanted.has(key)) return
    const record = this.#recent.get(key) ?? {lines: [], next: []}
    this.#recent.delete(key)
    this.#wanted.set(key, record)
    for (const next of record.next) this.want(next)
  }

  add(entry: LogEntry): void {
    const key = keyOf(entry)
    if (key === undefined) return
    const {lines} = this.#recordOf(key)
    if (lines.length < MOST_LINES) lines.push({entry, number: this.#count++})
    const link = linkOf(entry.text, key) ?? this.#linkOfMessageId(entry.text, key)
    if (!link) return
    const {next} = this.#recordOf(link.from)
    if (next.length >= MOST_NEXT) return
    next.push(link.to)
    if (this.#wanted.has(link.from)) this.want(link.to)
  }

  /** Those of strangers are many: only what is wanted. */
  #linkOfMessageId(text: string, key: string): Link | undefined {
    const messageId = /: message-id=(<[^>]*>)$/.exec(text)?.[1]
    return messageId !== undefined && this.#wanted.has(messageId) ? {from: messageId, to: key} : undefined
  }

  #recordOf(key: string): KeyRecord {
    const wanted = this.#wanted.get(key)
    if (wanted) return wanted
    const record = this.#recent.get(key) ?? {lines: [], next: []}
    this.#recent.delete(key)
    this.#recent.set(key, record)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > this.#mostRecent && oldest !== undefined) this.#recent.delete(oldest)
    return record
  }

  /** Ours and the MTA's, by time; each keeps its order. */
  merged(mail: LoggedMail): LogEntry[] {
    const lastMs = mail.entries.at(-1)?.ms ?? 0
    return merge(
      mail,
      this.about(keysOf(mail)).filter(
        ({text, ms}) => !text.startsWith('proxy-') || Math.abs((ms ?? lastMs) - lastMs) < SAME_TASK_MS,
      ),
    )
  }

  /** The lines about some keys and what belongs to them, as they came. */
  about(keys: Iterable<string>): LogEntry[] {
    // a set goes on over what is added to it
    const all = new Set(keys)
    const placed: Placed[] = []
    for (const key of all) {
      const record = this.#wanted.get(key) ?? this.#recent.get(key)
      for (const next of record?.next ?? []) all.add(next)
      placed.push(...(record?.lines ?? []))
    }
    return placed.sort((a, b) => a.number - b.number).map(({entry}) => entry)
  }
}

/** By what the MTA's lines about a mail are known. */
export function keysOf(mail: LoggedMail): ReadonlySet<string> {
  const {taskId, mailId, queueId, queuedAs, noticesQueuedAs} = mail
  const keys = new Set([...(queueId === undefined ? [] : [queueId]), ...queuedAs, ...noticesQueuedAs])
  if (taskId?.startsWith('rel-')) {
    const id = taskId.slice(4)
    keys.add(ofUs(id))
    if (mailId !== undefined) keys.add(ofUs(`${mailId}-${id}`))
  } else {
    if (taskId !== undefined) keys.add(`id=${taskId}`)
    if (mailId !== undefined) keys.add(ofUs(mailId))
  }
  return keys
}

/**
 * At the same time the MTA's comes first where it is about the queue id in front of us, and right before our line that
 * names the id where it is behind us; what says that it was delivered, removed or answered comes after.
 */
function merge({entries: own, queueId}: LoggedMail, theirs: readonly LogEntry[]): LogEntry[] {
  const namedAt = new Map<string, number>(queueId === undefined ? [] : [[queueId, 0]])
  const placeOf = (entry: LogEntry): number => {
    const key = keyOf(entry)
    if (key === undefined || ENDS.test(entry.text)) return own.length
    const known = namedAt.get(key)
    if (known !== undefined) return known
    const found = own.findIndex(({text}) => text.includes(key))
    const place = found < 0 ? own.length : found
    namedAt.set(key, place)
    return place
  }
  const merged: LogEntry[] = []
  let next = 0
  for (const [n, entry] of own.entries()) {
    for (let other = theirs[next]; other; other = theirs[++next]) {
      const order = compareTimes(other, entry)
      if (order > 0 || (order === 0 && n < placeOf(other))) break
      merged.push(other)
    }
    merged.push(entry)
  }
  return merged.concat(theirs.slice(next))
}

const ENDS = /^proxy-|: (?:removed$|to=<)/

function compareTimes(a: LogEntry, b: LogEntry): number {
  const [first, second] = [a.ms ?? 0, b.ms ?? 0]
  // stamps of whole seconds are compared with whole seconds
  const step = first % 1000 === 0 || second % 1000 === 0 ? 1000 : 1
  return Math.floor(first / step) - Math.floor(second / step)
}
