/**
 * grammar — the frames of the monitoring bus as text and as values.
 *
 * A frame is a line without a terminator, tokens separated by one space; its first token and the space
 * after it are what subscribers filter on, so a multi-part message carries frames of one prefix only.
 * Pure. Source: spec/monitoring §1.2.
 *
 * Two points where we are stricter than the original as a sender and milder as a receiver:
 * - A name with white space (`virus.byname.Some Virus`) would shift the tokens of its frame. `formatFrame`
 *   writes `_` for each white space or control character of a name; `parseFrame` takes everything up to
 *   the first type word as the name, so that such frames of other senders are understood.
 * - A line break in a value or text becomes a space.
 */

/** A time stamp: Unix time, or the distance from its process' last absolute time. */
export type FrameTime =
  | {readonly kind: 'abs'; readonly ms: number}
  | {readonly kind: 'delta'; readonly ms: number}

export type Frame =
  /** `state` is a letter, `-`, `exiting`, `purged` or `FLUSH`; `taskId` tells nothing about the pid. */
  | {
      readonly kind: 'state'
      readonly pid: number
      readonly time: FrameTime
      readonly state: string
      readonly taskId: string | undefined
    }
  | {readonly kind: 'proc'; readonly list: 'busy' | 'idle'; readonly pids: readonly number[]}
  | {
      readonly kind: 'snmp' | 'nanny'
      readonly name: string
      readonly type: string
      readonly value: string
    }
  | {readonly kind: 'snmp-flush'}
  | {
      readonly kind: 'log'
      readonly level: number
      readonly pid: number
      readonly timeMs: number
      readonly text: string
    }
  | {readonly kind: 'unknown'; readonly text: string}

/** A frame above this ends the connection that it came by. */
export const LARGEST_FRAME_BYTES = 1024 * 1024

/** A number up to this is a distance in ms, above it a Unix time in seconds. */
export const LARGEST_DELTA_MS = 1e9

const STATE = /^am\.st (\d+) +(\d+(?:\.\d+)?) +(\S+)(?: +(\S+))?\s*$/
const PROC = /^am\.proc\.(busy|idle)((?: +\d+)*)\s*$/
const FLUSH = /^am\.(?:snmp|nanny) +FLUSH\s*$/
const TYPED = /^am\.(snmp|nanny) (\S.*?) (C32|C64|INT|STR|OID|TIM|G32|\?)(?: (.*))?$/s
const UNTYPED = /^am\.(snmp|nanny) (\S+) (\S+)(?: (.*))?$/s
const LOG = /^am\.log\.(\*{1,7}) (\d+) (\d+\.\d+) (.*)$/s

/** What a frame says; anything that is none of ours is `unknown`. Never throws. */
export function parseFrame(text: string): Frame {
  if (text.startsWith('am.st ')) {
    const match = STATE.exec(text)
    if (match) {
      return {
        kind: 'state',
        pid: Number(match[1]),
        time: parseTime(match[2] ?? ''),
        state: match[3] ?? '-',
        taskId: match[4],
      }
    }
  } else if (text.startsWith('am.proc.')) {
    const match = PROC.exec(text)
    if (match) {
      const pids = (match[2] ?? '').split(' ').filter(Boolean).map(Number)
      return {kind: 'proc', list: match[1] === 'busy' ? 'busy' : 'idle', pids}
    }
  } else if (text.startsWith('am.log.')) {
    const match = LOG.exec(text)
    if (match) {
      return {
        kind: 'log',
        level: 6 - (match[1] ?? '').length,
        pid: Number(match[2]),
        timeMs: Math.round(Number(match[3]) * 1000),
        text: match[4] ?? '',
      }
    }
  } else {
    if (FLUSH.test(text)) return {kind: 'snmp-flush'}
    const match = TYPED.exec(text) ?? UNTYPED.exec(text)
    if (match) {
      return {
        kind: match[1] === 'snmp' ? 'snmp' : 'nanny',
        name: match[2] ?? '',
        type: match[3] ?? '',
        value: match[4] ?? '',
      }
    }
  }
  return {kind: 'unknown', text}
}

/**
 * A frame as it goes on the wire.
 *
 * The levels that `am.log` cannot tell apart share a prefix: -1 and below, 5 and above.
 */
export function formatFrame(frame: Frame): string {
  switch (frame.kind) {
    case 'state': {
      const start = `am.st ${frame.pid} ${formatTime(frame.time)} ${frame.state}`
      return frame.taskId === undefined ? start : `${start} ${frame.taskId}`
    }
    case 'proc':
      return `am.proc.${frame.list} ${frame.pids.join(' ')}`
    case 'snmp':
    case 'nanny':
      return `am.${frame.kind} ${safeName(frame.name)} ${frame.type} ${safeValue(frame.value)}`
    case 'snmp-flush':
      return 'am.snmp FLUSH'
    case 'log':
      return `${logPrefix(frame.level)} ${frame.pid} ${formatUnixTime(frame.timeMs)} ${safeValue(frame.text)}`
    case 'unknown':
      return frame.text
  }
}

/** `am.log.` and 6 - level stars, at least 1 and at most 7: the more, the worse. */
export function logPrefix(level: number): string {
  return `am.log.${'*'.repeat(Math.min(7, Math.max(1, 6 - Math.trunc(level))))}`
}

/** Unix time in ms as `1795361882.047`: seconds to 10 digits, a point, 3 digits. */
export function formatUnixTime(ms: number): string {
  const digits = String(Math.round(ms)).padStart(13, '0')
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`
}

/** Whole ms, never negative, and never so large that a receiver takes it for a Unix time. */
export function formatDelta(ms: number): string {
  return String(Math.min(LARGEST_DELTA_MS, Math.max(0, Math.round(ms))))
}

/** A counter's name as one token. */
export function safeName(name: string): string {
  return /[\s\x00-\x1f\x7f]/.test(name) ? name.replace(/[\s\x00-\x1f\x7f]/g, '_') : name
}

/** A value or text without line ends. */
export function safeValue(value: string): string {
  return /[\r\n\0]/.test(value) ? value.replace(/[\r\n\0]/g, ' ') : value
}

function parseTime(token: string): FrameTime {
  const number = Number(token)
  return number > LARGEST_DELTA_MS
    ? {kind: 'abs', ms: Math.round(number * 1000)}
    : {kind: 'delta', ms: Math.round(number)}
}

function formatTime(time: FrameTime): string {
  return time.kind === 'abs' ? formatUnixTime(time.ms) : formatDelta(time.ms)
}
