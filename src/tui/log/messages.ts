/**
 * messages — the lines of a log, grouped by mail. Pure; memory is bounded.
 *
 * A mail ends with its main entry (`Passed …`, `Blocked …`; a release begins with it) and what its child says of it until it goes on to something
 * else. One that never ends is given out when too many others are open.
 */
import type {LogEntry} from './entry.ts'

export interface MailIds {
  readonly mailId: string | undefined
  readonly messageIds: readonly string[]
  /** queue id of the MTA in front of us */
  readonly queueId: string | undefined
  /** queue ids of the MTA behind us */
  readonly queuedAs: readonly string[]
  /** queue ids of the notices that were sent because of it */
  readonly noticesQueuedAs: readonly string[]
}

export interface LoggedMail extends MailIds {
  /** undefined: only the MTA knows of it */
  readonly taskId: string | undefined
  readonly entries: readonly LogEntry[]
  /** has its main entry */
  readonly complete: boolean
}

interface OpenMail {
  readonly taskId: string
  readonly pid: string
  readonly entries: LogEntry[]
  complete: boolean
  /** when its last line came, by the reader's clock */
  touchedMs: number
}

const MOST_OPEN = 2000
/** Lines of one mail that are kept; at $log_level 5 there are some hundreds. */
const MOST_LINES = 5000
const MAIN = /^(?:\(!+\) ?)?(?:(?:Passed|Blocked) |Quarantined message )/

export class MailGrouping {
  /** the one that was silent longest is first */
  readonly #open = new Map<string, OpenMail>()
  /** by pid, the mail that had its main entry and may have more lines */
  readonly #complete = new Map<string, OpenMail>()
  readonly #mostOpen: number

  constructor(mostOpen = MOST_OPEN) {
    this.#mostOpen = mostOpen
  }

  /** Take a line of the log; the mails that it shows to be over. `nowMs` is what `idle` compares with. */
  add(entry: LogEntry, nowMs = 0): LoggedMail[] {
    const over: OpenMail[] = []
    const before = this.#complete.get(entry.pid)
    if (before && before.taskId !== entry.taskId) over.push(before)
    if (entry.taskId !== undefined) {
      const mail = this.#open.get(entry.taskId) ?? this.#begin(entry.taskId, entry.pid)
      if (mail.entries.length < MOST_LINES) mail.entries.push(entry)
      mail.complete ||= MAIN.test(entry.text)
      mail.touchedMs = nowMs
      if (mail.complete) this.#complete.set(mail.pid, mail)
      this.#open.delete(mail.taskId)
      this.#open.set(mail.taskId, mail)
    }
    const [first] = this.#open.values()
    if (first && this.#open.size - over.length > this.#mostOpen && !over.includes(first)) over.push(first)
    return this.#end(over)
  }

  /** Mails of which nothing came for so long; the complete ones sooner. */
  idle(nowMs: number, completeMs: number, incompleteMs: number): LoggedMail[] {
    return this.#end(
      [...this.#open.values()].filter(
        mail => nowMs - mail.touchedMs >= (mail.complete ? completeMs : incompleteMs),
      ),
    )
  }

  /** All that are open: the log has no more lines. */
  rest(): LoggedMail[] {
    return this.#end([...this.#open.values()])
  }

  #begin(taskId: string, pid: string): OpenMail {
    return {taskId, pid, entries: [], complete: false, touchedMs: 0}
  }

  #end(mails: readonly OpenMail[]): LoggedMail[] {
    return mails.map(mail => {
      const {taskId, entries, complete, pid} = mail
      this.#open.delete(taskId)
      if (this.#complete.get(pid) === mail) this.#complete.delete(pid)
      return {taskId, entries, complete, ...idsOf(entries)}
    })
  }
}

function idsOf(entries: readonly LogEntry[]): MailIds {
  // a long entry comes in pieces
  const text = entries
    .map(entry => entry.text)
    .join('\n')
    .replaceAll(/\.\.\.\n(?:\(!+\) ?)?\.\.\./g, '')
  const lines = text.split('\n')
  const ids = {
    mailId: undefined as string | undefined,
    messageIds: [] as string[],
    queueId: undefined as string | undefined,
    queuedAs: [] as string[],
    noticesQueuedAs: [] as string[],
  }
  const addTo = (list: string[], id: string | undefined) => {
    if (id !== undefined && id !== '' && !list.includes(id)) list.push(id)
  }
  for (const line of lines) {
    ids.mailId ??= /^Checking: (\S+) /.exec(line)?.[1]
    ids.mailId ??= /^Quarantined message \w+ \(\S+\): (\S+) </.exec(line)?.[1]
    const [, verb, queued] = /^\S+ (FWD|SEND) from <.*> .* queued as (\w+)$/.exec(line) ?? []
    addTo(verb === 'FWD' ? ids.queuedAs : ids.noticesQueuedAs, queued)
    if (!MAIN.test(line)) continue
    ids.mailId = /, mail_id: ([\w+-]+)/.exec(line)?.[1] ?? ids.mailId
    ids.queueId ??= /, Queue-ID: (\w+)/.exec(line)?.[1]
    for (const [, id = ''] of line.matchAll(/[ -]Message-ID: (<[^>]*>)/g)) ids.messageIds.push(id)
    for (const id of /, queued_as: ([\w/]+)/.exec(line)?.[1]?.split('/') ?? []) addTo(ids.queuedAs, id)
  }
  return ids
}

/** Whether an id is this mail's: am_id, mail_id, queue id before or behind us or of a notice, Message-ID with or without <>. */
export function isMail(mail: LoggedMail, id: string): boolean {
  return (
    mail.taskId === id ||
    mail.mailId === id ||
    mail.queueId === id ||
    mail.queuedAs.includes(id) ||
    mail.noticesQueuedAs.includes(id) ||
    mail.messageIds.some(messageId => messageId === id || messageId === `<${id}>`)
  )
}
