/**
 * line — the text of a log entry: marks, escapes, splitting, time stamps, priorities.
 *
 * Pure. Source: spec/daemon, "Log output"; spec/config, "Levels, marks, target".
 */

/** Syslog severities (RFC 5424 §6.2.1), as `logger` and journald take them. */
export type Severity = 2 | 3 | 4 | 5 | 6 | 7

export function severity(level: number): Severity {
  if (level >= 3) return 7
  if (level >= 1) return 6
  if (level === 0) return 5
  if (level === -1) return 4
  return level === -2 ? 3 : 2
}

/** What stands before the text of a warning or of something worse. */
export function mark(level: number): '' | '(!)' | '(!!)' {
  if (level >= 0) return ''
  return level === -1 ? '(!)' : '(!!)'
}

// Of the C1 controls U+009B begins an escape sequence for some terminals, and U+0085 ends a line for some readers.
const SPECIAL = /[\x00-\x1f\x7f-\x9f\\]/
const EACH_CONTROL = /[\x00-\x1f\x7f-\x9f]/g
const EACH_SPECIAL = /[\x00-\x1f\x7f-\x9f\\]/g
const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
  '\\': '\\\\',
}

/** One line whatever the text holds: control characters as `\n`, `\t`, `\x07`. */
export function escapeControls(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_CONTROL, escaped) : text
}

/** The same with each backslash doubled, as entries are written. */
function escapeEntry(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_SPECIAL, escaped) : text
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** `(am_id) (!)text`, either of the first two left out where there is none. */
export function entryText(level: number, taskId: string | undefined, text: string): string {
  return prefix(level, taskId) + escapeEntry(text)
}

function prefix(level: number, taskId: string | undefined): string {
  return taskId === undefined ? mark(level) : `(${taskId}) ${mark(level)}`
}

/** JSON on one line, DEL and C1 controls escaped as C0 controls are anyway. */
export function jsonLine(value: NonNullable<unknown>): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f]/g,
    character => `\\u00${character.charCodeAt(0).toString(16)}`,
  )
}

const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug']

/** An entry as a JSON object on one line. */
export function entryJson(entry: {
  /** since the epoch */
  readonly ms: number
  readonly host: string
  readonly program: string
  readonly pid: number
  readonly level: number
  readonly taskId: string | undefined
  readonly text: string
}): string {
  const {ms, host, program, pid, level, taskId, text} = entry
  const time = new Date(ms).toISOString()
  const priority = PRIORITIES[severity(level)]
  return jsonLine({time, host, program, pid, level, priority, log_id: taskId, message: text})
}

const SHORTEST_LINE = 50

/**
 * The same in pieces of at most `maxLength` characters: a piece that goes on ends with `...`, and the next
 * begins with `...` after the task id and the mark.
 */
export function entryPieces(
  level: number,
  taskId: string | undefined,
  text: string,
  maxLength: number,
): readonly string[] {
  const head = prefix(level, taskId)
  let rest = escapeEntry(text)
  const limit = Math.max(SHORTEST_LINE, maxLength, head.length + 10)
  if (head.length + rest.length <= limit) return [head + rest]
  const pieces: string[] = []
  let lead = head
  while (lead.length + rest.length > limit) {
    let cut = limit - lead.length - 3
    // a pair of surrogates is one character
    if (isHighSurrogate(rest.charCodeAt(cut - 1))) cut--
    pieces.push(`${lead}${rest.slice(0, cut)}...`)
    rest = rest.slice(cut)
    lead = `${head}...`
  }
  pieces.push(lead + rest)
  return pieces
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Nov  2 15:07:41`, local time, as syslog writes it (RFC 3164 §4.1.2). */
export function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = String(date.getDate()).padStart(2, ' ')
  return `${MONTHS[date.getMonth()]} ${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
