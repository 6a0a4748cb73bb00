/**
 * log — what the rest of the program knows of logging.
 *
 * Levels are amavisd's: -3 and below critical, -2 error, -1 warning, 0 notice, 1–2 information, 3–5 debug
 * (spec: Logging, levels). A caller checks `enabled` before it builds a costly text.
 */
export interface Log {
  /** Whether an entry of this level would be written. */
  enabled(level: number): boolean
  /** Write one entry; the text has no line end and no task id. */
  write(level: number, text: string): void
  /** The same log with a task's id before each text: `(am_id) text`, and in the style of its policy bank. */
  forTask(taskId: string, style?: LogStyle): Log
}

/** What a policy bank may have of its own. */
export interface LogStyle {
  /** `$log_level` */
  readonly level: number
  /** `$syslog_ident` */
  readonly ident: string
  /** `$syslog_facility`, as in `mail` */
  readonly facility: string
}

/** A log that writes nothing, for code that is used without a daemon. */
export const silentLog: Log = {
  enabled: () => false,
  write() {},
  forTask: () => silentLog,
}
