/**
 * sinks — where log entries go: a file, standard error, or syslog (syslog.ts).
 *
 * A sink never throws and never makes mail wait: an entry that cannot be written is counted, and the count
 * is written when writing works again.
 */
import {closeSync, fsyncSync, openSync, writeSync} from 'node:fs'
import {entryJson, entryText, timestamp} from './line.ts'

/** Under which name and facility syslog is to show an entry, where a policy bank has its own. */
export interface SyslogName {
  readonly ident: string
  readonly facility: string
}

export interface Sink {
  write(level: number, taskId: string | undefined, text: string, name?: SyslogName): void
  /** Everything written is out; nothing is written afterwards. */
  close(): Promise<void>
}

export interface LineHead {
  readonly host: string
  /** name the program was called by, before `[pid]` */
  readonly ident: string
  readonly pid?: number
  readonly now?: () => number
  /** one JSON object a line */
  readonly json?: boolean
  /** false: warnings have no (!) in front */
  readonly marks?: boolean
}

/** An entry as a line without its end: `Mon dd hh:mm:ss host ident[pid]: (am_id) text`, or as JSON. */
type LineOf = (level: number, taskId: string | undefined, text: string) => string

function linesOf({
  host,
  ident,
  pid = process.pid,
  now = Date.now,
  json = false,
  marks = true,
}: LineHead): LineOf {
  if (json)
    return (level, taskId, text) => entryJson({ms: now(), host, program: ident, pid, level, taskId, text})
  const tail = ` ${host} ${ident}[${pid}]: `
  // The stamp is made once a second.
  let second = Number.NaN
  let head = ''
  return (level, taskId, text) => {
    const ms = now()
    const current = Math.floor(ms / 1000)
    if (current !== second) {
      second = current
      head = timestamp(new Date(ms)) + tail
    }
    return head + entryText(marks ? level : 0, taskId, text)
  }
}

/** Lines to a descriptor, each with one write, so that processes that share a file do not mix theirs. */
function descriptorSink(fd: number, head: LineHead, close: () => void): Sink {
  const lineOf = linesOf(head)
  let lost = 0
  const put = (line: string) => {
    try {
      writeSync(fd, line)
      return true
    } catch {
      return false
    }
  }
  return {
    write(level, taskId, text) {
      if (lost > 0 && put(`${lineOf(-1, undefined, lostText(lost))}\n`)) lost = 0
      if (!put(`${lineOf(level, taskId, text)}\n`)) lost++
    },
    async close() {
      close()
    },
  }
}

/**
 * Append to a file; made 0640 when it is not there.
 * @throws when the file cannot be opened
 */
export function fileSink(path: string, head: LineHead): Sink {
  const fd = openSync(path, 'a', 0o640)
  return descriptorSink(fd, head, () => {
    try {
      fsyncSync(fd)
    } catch {
      // a pipe or a terminal
    }
    closeSync(fd)
  })
}

export function stderrSink(head: LineHead): Sink {
  return descriptorSink(2, head, () => {})
}

export function lostText(lost: number): string {
  return `${lost} log entries could not be written`
}
