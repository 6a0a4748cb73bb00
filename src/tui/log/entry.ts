/**
 * entry — a line of a log file, taken apart. Pure.
 *
 * Three forms are known: that of syslog and of $logfile (`Nov  2 15:07:41 host amavis[77]: (77-01) text`), the same with an
 * RFC 3339 stamp as rsyslog has it, and JSON ($log_format). Anything else is undefined.
 */

export interface LogEntry {
  /** the line as it is in the file, without its end */
  readonly line: string
  /** since the epoch; undefined where the stamp says nothing */
  readonly ms: number | undefined
  readonly program: string
  readonly pid: string
  /** am_id; undefined for lines that are about no mail, and those of other programs */
  readonly taskId: string | undefined
  /** what stands after the task id */
  readonly text: string
}

const LINE =
  /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?) \S+ ([^\s[\]]+)\[(\d+)\]: (.*)$/s
const TASK = /^\(((?:\d+|rel)-[\w+-]+)\) (.*)$/s
const DAY_MS = 86_400_000

/** `now` tells the year, which a stamp of RFC 3164 does not have: the latest that is not in the future. */
export function parseEntry(line: string, now: number): LogEntry | undefined {
  if (line.startsWith('{')) return parseJson(line)
  const [, stamp, program, pid, rest] = LINE.exec(line) ?? []
  if (stamp === undefined || program === undefined || pid === undefined || rest === undefined)
    return undefined
  const [, taskId, text = rest] = TASK.exec(rest) ?? []
  return {line, ms: stampMs(stamp, now), program, pid, taskId, text}
}

function parseJson(line: string): LogEntry | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const {time, program, pid, log_id, message} = value as Record<string, unknown>
  if (typeof message !== 'string') return undefined
  return {
    line,
    ms: typeof time === 'string' ? finite(Date.parse(time)) : undefined,
    program: String(program),
    pid: String(pid),
    taskId: typeof log_id === 'string' ? log_id : undefined,
    text: message,
  }
}

function stampMs(stamp: string, now: number): number | undefined {
  if (!/^[A-Z]/.test(stamp)) return finite(Date.parse(stamp))
  const year = new Date(now).getFullYear()
  const ms = Date.parse(`${stamp} ${year}`)
  return finite(ms > now + DAY_MS ? Date.parse(`${stamp} ${year - 1}`) : ms)
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
