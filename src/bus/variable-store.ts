/**
 * variable-store — what snmp-responder knows: the sums of all counters, and its answers.
 *
 * Pure. Source: spec/monitoring §1.4. Differences from the original, whose socket jams for good: a question that
 * it does not know, or to which there is nothing to say, is answered with one empty frame. What childproc-minder
 * says every 2 s of the children is nothing any more when it has been silent for a while. It also remembers the
 * last incidents of the children, for those who come to look later.
 */
import {type Frame, formatFrame} from './grammar.ts'
import {incidentFrame, parseIncident} from './incident.ts'

/** Names beyond this are not taken in: mail can make up new ones (`virus.byname.…`). */
const MOST_NAMES = 20_000
const MOST_INCIDENTS = 100
const REPORT_LASTS_MS = 30_000

interface Variable {
  readonly type: string
  value: string
}

export class VariableStore {
  readonly #variables = new Map<string, Variable>()
  /** as frames, oldest first */
  readonly #incidents: string[] = []
  /** Unix time of childproc-minder's last report */
  #reportedMs = Number.NEGATIVE_INFINITY

  /** @param nowMs Unix time, the start as `sysUpTime` tells it until a daemon says its own */
  constructor(nowMs: number) {
    this.#forget(nowMs)
  }

  /** Take in one frame; only `snmp`, `nanny`, `snmp-flush` and incidents mean something here. */
  hear(frame: Frame, nowMs: number): void {
    if (frame.kind === 'snmp-flush') this.#forget(nowMs)
    if (frame.kind === 'log') this.#remember(frame)
    if (frame.kind !== 'snmp' && frame.kind !== 'nanny') return
    if (frame.kind === 'nanny') this.#reportedMs = nowMs
    const known = this.#variables.get(frame.name)
    if (known === undefined || isNothing(known.value)) {
      if (known === undefined && this.#variables.size >= MOST_NAMES) return
      this.#variables.set(frame.name, {type: frame.type, value: frame.value})
    } else if (isAdded(frame.type)) {
      known.value = String(asNumber(known.value) + asNumber(frame.value))
    } else {
      known.value = frame.value
    }
  }

  /**
   * The frames of an answer, never none: `am.nanny?` asks for the variables that begin with `Proc`,
   * `am.snmp?` for all others, `am.incidents?` for the last hundred incidents.
   * @param nowMs Unix time; without it a report of childproc-minder is never too old
   */
  answer(question: string, nowMs = Number.NEGATIVE_INFINITY): readonly string[] {
    if (question === 'am.incidents?') return this.#incidents.length > 0 ? this.#incidents : ['']
    const kind = question === 'am.nanny?' ? 'nanny' : question === 'am.snmp?' ? 'snmp' : undefined
    if (kind === undefined || (kind === 'nanny' && nowMs - this.#reportedMs > REPORT_LASTS_MS)) return ['']
    const frames: string[] = []
    for (const [name, {type, value}] of this.#variables) {
      if (name.startsWith('Proc') === (kind === 'nanny')) frames.push(formatFrame({kind, name, type, value}))
    }
    return frames.length > 0 ? frames : ['']
  }

  #remember(frame: Frame): void {
    const incident = parseIncident(frame)
    if (!incident) return
    this.#incidents.push(incidentFrame(incident))
    if (this.#incidents.length > MOST_INCIDENTS) this.#incidents.shift()
  }

  #forget(nowMs: number): void {
    this.#variables.clear()
    this.#variables.set('sysUpTime', {type: 'INT', value: String(Math.floor(nowMs / 1000))})
    this.#variables.set('sysObjectID', {type: 'OID', value: '1.3.6.1.4.1.15312.2'})
    this.#variables.set('sysServices', {type: 'INT', value: '64'})
  }
}

function isAdded(type: string): boolean {
  return type === 'C32' || type === 'C64' || type === 'TIM'
}

function isNothing(value: string): boolean {
  return value === '' || value === '0'
}

function asNumber(value: string): number {
  const number = Number(value)
  return Number.isFinite(number) ? number : 0
}
