/**
 * scanner-state — whether a scanner answers, as a variable on the bus. Pure.
 *
 * A child that finds a scanner to be in another state than before says so: `am.snmp Scanner.NAME STR STATE SINCE
 * TEXT`. The responder keeps the last of each, so whoever asks it knows all of them. With a breaker before the
 * scanner, `open` says that it is not asked for the time being.
 */
import type {Counter} from './publisher.ts'

export interface ScannerState {
  readonly name: string
  readonly state: 'ok' | 'failing' | 'open'
  /** Unix time in ms */
  readonly sinceMs: number
  /** why it is not well; '' when it is */
  readonly text: string
}

const PREFIX = 'Scanner.'
const VALUE = /^(ok|failing|open) (\d{1,15})(?: (.*))?$/s
const LONGEST_TEXT = 200

export function scannerCounter({name, state, sinceMs, text}: ScannerState): Counter {
  const value = `${state} ${Math.floor(sinceMs)} ${text.slice(0, LONGEST_TEXT)}`.trimEnd()
  return {name: PREFIX + name, type: 'STR', value}
}

/** Undefined for any other variable. */
export function parseScannerState(name: string, value: string): ScannerState | undefined {
  const match = name.startsWith(PREFIX) ? VALUE.exec(value) : null
  if (!match) return undefined
  return {
    name: name.slice(PREFIX.length),
    state: match[1] as ScannerState['state'],
    sinceMs: Number(match[2]),
    text: match[3] ?? '',
  }
}
