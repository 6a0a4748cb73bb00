/**
 * mta — the MTA's lines about mails of ours, found by queue id, and merged with ours. Pure.
 *
 * Postfix: `postfix/smtpd[88]: 4XyZ12: client=…`.
 */
import type {LogEntry} from './entry.ts'
import type {LoggedMail} from './messages.ts'

/** The queue id that a line of Postfix is about. */
function queueIdOf(entry: LogEntry): string | undefined {
  if (entry.taskId !== undefined || !entry.program.includes('/')) return undefined
  return /^(?:(?:warning|info): )?([0-9A-Za-z]{5,20}): /.exec(entry.text)?.[1]
}

/** Lines by queue id, of the ids that came last. */
export class QueueLines {
  readonly #lines = new Map<string, LogEntry[]>()
  readonly #mostIds: number

  constructor(mostIds: number) {
    this.#mostIds = mostIds
  }

  add(entry: LogEntry, wanted?: ReadonlySet<string>): void {
    const id = queueIdOf(entry)
    if (id === undefined || (wanted && !wanted.has(id))) return
    const lines = this.#lines.get(id) ?? []
    if (lines.length < MOST_LINES) lines.push(entry)
    this.#lines.delete(id)
    this.#lines.set(id, lines)
    const [oldest] = this.#lines.keys()
    if (this.#lines.size > this.#mostIds && oldest !== undefined) this.#lines.delete(oldest)
  }

  /** Ours and the MTA's, by time; each keeps its order. */
  merged(mail: LoggedMail): LogEntry[] {
    const own = mail.entries
    let merged: LogEntry[] = [...own]
    for (const id of queueIds(mail)) merged = mergeByTime(merged, this.#lines.get(id) ?? [])
    return merged
  }
}

/** A mail for thousands of recipients has a line for each. */
const MOST_LINES = 2000

export function queueIds(mail: LoggedMail): string[] {
  return [...new Set([...(mail.queueId === undefined ? [] : [mail.queueId]), ...mail.queuedAs])]
}

/** At the same time the MTA's comes first, but what says that it was delivered or removed. */
function mergeByTime(own: readonly LogEntry[], theirs: readonly LogEntry[]): LogEntry[] {
  const merged: LogEntry[] = []
  let next = 0
  for (const entry of own) {
    for (;;) {
      const other = theirs[next]
      if (!other || !isBefore(other, entry)) break
      merged.push(other)
      next++
    }
    merged.push(entry)
  }
  return merged.concat(theirs.slice(next))
}

function isBefore(theirs: LogEntry, own: LogEntry): boolean {
  const [a, b] = [Math.floor((theirs.ms ?? 0) / 1000), Math.floor((own.ms ?? 0) / 1000)]
  return a < b || (a === b && !/: (?:removed$|to=<)/.test(theirs.text))
}
