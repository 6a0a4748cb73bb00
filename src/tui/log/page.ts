/** page — a mail of the log as text and as JSON. Pure. */
import {visibleJson, visibleText} from '../visible.ts'
import type {LogEntry} from './entry.ts'
import type {LoggedMail} from './messages.ts'

export const JSON_FIELDS =
  'Fields: am_id, mail_id, message_ids, queue_id, queued_as, notices_queued_as, complete, lines (time, program, pid, text).'

/** Its lines as they are in the files, and an empty one. */
export function mailText(entries: readonly LogEntry[]): string {
  return `${entries.map(({line}) => visibleText(line)).join('\n')}\n\n`
}

/** One object on one line. */
export function mailJson(mail: LoggedMail, entries: readonly LogEntry[]): string {
  const {taskId, mailId, messageIds, queueId, queuedAs, noticesQueuedAs, complete} = mail
  const lines = entries.map(({ms, program, pid, text}) => ({
    time: ms === undefined ? null : new Date(ms).toISOString(),
    program,
    pid: Number(pid),
    text,
  }))
  return `${visibleJson({
    am_id: taskId ?? null,
    mail_id: mailId ?? null,
    message_ids: messageIds,
    queue_id: queueId ?? null,
    queued_as: queuedAs,
    notices_queued_as: noticesQueuedAs,
    complete,
    lines,
  })}\n`
}
