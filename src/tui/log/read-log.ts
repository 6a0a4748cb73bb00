/**
 * read-log — from files to mails with their lines, the MTA's among them where wanted.
 */
import {type LogEntry, parseEntry} from './entry.ts'
import {type Following, followLines} from './follow-lines.ts'
import {linesOf} from './lines.ts'
import {isMail, type LoggedMail, MailGrouping} from './messages.ts'
import {keyOf, keysOf, QueueLines} from './mta.ts'

export interface LogRequest {
  /** read one after the other; - is standard input */
  readonly files: readonly string[]
  /** only the mails that have this id */
  readonly id: string | undefined
  /** the MTA's log; may be the same files. None: without the MTA's lines */
  readonly mta: readonly string[]
}

/** A mail, and its lines in the order to show them in. */
export type ShowMail = (mail: LoggedMail, entries: readonly LogEntry[]) => Promise<void>

/** Mails for which the MTA's log is read once; what is kept of both is bounded by it. */
const BATCH = 10_000
/** Queue ids that nobody asked for, of which lines are kept: they may turn out to belong to one that somebody did. */
const MOST_RECENT = 1000
/** A complete mail of which nothing more came for so long is shown. */
const COMPLETE_IDLE_MS = 2000
const INCOMPLETE_IDLE_MS = 600_000

/**
 * All mails of the logs, in the order of their end; with an id that none has, what the MTA says of it.
 * @throws when a file cannot be read
 */
export async function readLog(request: LogRequest, show: ShowMail): Promise<void> {
  const now = Date.now()
  const grouping = new MailGrouping()
  let batch: LoggedMail[] = []
  let shown = 0
  const flush = async () => {
    const mails = batch
    batch = []
    if (mails.length === 0) return
    const wanted = mails.flatMap(mail => [...keysOf(mail)])
    const lines = await mtaLines(request.mta, wanted, now)
    for (const mail of mails) await show(mail, lines.merged(mail))
    shown += mails.length
  }
  const take = (mails: readonly LoggedMail[]) => {
    for (const mail of mails) if (request.id === undefined || isMail(mail, request.id)) batch.push(mail)
  }
  try {
    for await (const block of linesOf(request.files)) {
      for (const line of block) {
        const entry = parseEntry(line, now)
        if (entry) take(grouping.add(entry))
      }
      if (batch.length >= (request.mta.length === 0 ? 1 : BATCH)) await flush()
    }
  } finally {
    // also of a file whose end is damaged
    take(grouping.rest())
    await flush()
  }
  if (shown > 0 || request.id === undefined) return
  // it waits to be handed to us, or never will be
  const keys = [request.id, request.id.startsWith('<') ? request.id : `<${request.id}>`]
  const entries = (await mtaLines(request.mta, keys, now)).about(keys)
  const [first] = entries
  if (first) await show({...UNKNOWN, queueId: keyOf(first)}, entries)
}

const UNKNOWN: LoggedMail = {
  taskId: undefined,
  entries: [],
  complete: false,
  mailId: undefined,
  messageIds: [],
  queueId: undefined,
  queuedAs: [],
  noticesQueuedAs: [],
}

async function mtaLines(
  files: readonly string[],
  wanted: Iterable<string>,
  now: number,
): Promise<QueueLines> {
  const lines = new QueueLines(MOST_RECENT, wanted)
  for await (const block of linesOf(files))
    for (const line of block) {
      const entry = parseEntry(line, now)
      if (entry) lines.add(entry)
    }
  return lines
}

/** Queue ids that are remembered while following. */
const MOST_QUEUE_IDS = 10_000

/**
 * Mails as they come, until the signal; with an id, those that are in the file already as well.
 * @throws when a file cannot be read
 */
export async function followLog(request: LogRequest, signal: AbortSignal, show: ShowMail): Promise<void> {
  const grouping = new MailGrouping()
  const lines = new QueueLines(MOST_QUEUE_IDS)
  const fromEnd = request.id === undefined
  // the MTA has something to say of a mail that is over for us
  const waitMs = request.mta.length === 0 ? 0 : COMPLETE_IDLE_MS
  let waiting: {readonly mail: LoggedMail; readonly sinceMs: number}[] = []
  const take = (mails: readonly LoggedMail[], sinceMs: number) => {
    for (const mail of mails)
      if (request.id === undefined || isMail(mail, request.id)) waiting.push({mail, sinceMs})
  }
  const showUntil = async (ms: number) => {
    const due = waiting.filter(({sinceMs}) => sinceMs <= ms)
    waiting = waiting.filter(({sinceMs}) => sinceMs > ms)
    for (const {mail} of due) await show(mail, lines.merged(mail))
  }
  const failed = new AbortController()
  const following = {signal: AbortSignal.any([signal, failed.signal]), fromEnd}
  const readMta = async () => {
    for await (const block of linesAndMore(request.mta, following))
      for (const line of block) {
        const entry = parseEntry(line, Date.now())
        if (entry) lines.add(entry)
      }
  }
  const readOwn = async () => {
    for await (const block of linesAndMore(request.files, following)) {
      const now = performance.now()
      for (const line of block) {
        const entry = parseEntry(line, Date.now())
        if (entry) take(grouping.add(entry, now), now)
      }
      take(grouping.idle(now, COMPLETE_IDLE_MS, INCOMPLETE_IDLE_MS), now)
      await showUntil(now - waitMs)
    }
    take(grouping.rest(), 0)
    await showUntil(Number.POSITIVE_INFINITY)
  }
  const both = [readOwn(), readMta()]
  try {
    await Promise.all(both)
  } finally {
    failed.abort()
    await Promise.allSettled(both)
  }
}

/** What is in the files, if that is wanted, and what comes to the last one. */
async function* linesAndMore(
  files: readonly string[],
  following: Following,
): AsyncGenerator<readonly string[]> {
  const last = files.at(-1)
  if (!following.fromEnd) yield* linesOf(files.slice(0, -1))
  if (last !== undefined) yield* followLines(last, following)
}
