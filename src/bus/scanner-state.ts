/**
 * scanner-state — whether a scanner answers, as a variable on the bus. Pure.
 *
 * A child that finds a scanner to be in another state than before says so: `am.snmp Scanner.NAME STR STATE SINCE
 * TEXT`. The responder keeps the last of each, so whoever asks it knows all of them. With a breaker before the
 * scanner, `open` says that it is not asked for the time being.
 */
import type {Counter, Publisher} from './publisher.ts'

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

/** Scanners whose state is remembered; a configuration has a handful. */
const MOST_SCANNERS = 100

/** A child's word about its scanners: said when one is in another state than before. */
export class ScannerStates {
  readonly #publisher: Pick<Publisher, 'counters'>
  readonly #now: () => number
  readonly #states = new Map<string, ScannerState['state']>()

  constructor(publisher: Pick<Publisher, 'counters'>, now: () => number = Date.now) {
    this.#publisher = publisher
    this.#now = now
  }

  /** @param text why it is not well */
  report(name: string, state: ScannerState['state'], text = ''): void {
    if (this.#states.get(name) === state) return
    if (this.#states.size >= MOST_SCANNERS) this.#states.clear()
    this.#states.set(name, state)
    this.#publisher.counters([scannerCounter({name, state, sinceMs: this.#now(), text})])
  }
}
