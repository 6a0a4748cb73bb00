/**
 * assess — is it well? Facts of a host become sections, one line each, and warnings that say what to do. Pure.
 *
 * The screen, the summary and the check all show what is decided here.
 */
import {visibleText} from '../visible.ts'
import type {HostFacts} from './facts.ts'
import {OPTIONAL, SECTIONS, type SectionName} from './sections.ts'
import {DEFAULT_LIMITS, type Limits, MEASURED, MEASURES, type Measured} from './thresholds.ts'
import {shortNumber} from './units.ts'

export type Level = 'ok' | 'warning' | 'critical'

export interface Warning {
  readonly level: 'warning' | 'critical'
  readonly section: SectionName
  readonly text: string
  readonly todo: string
}

export interface Section {
  readonly name: SectionName
  /** `unknown`: nobody tells */
  readonly level: Level | 'unknown'
  readonly text: string
  /** more of it, for who looks closer */
  readonly details: readonly string[]
}

export interface Assessment {
  readonly level: Level
  /** the worst first */
  readonly warnings: readonly Warning[]
  readonly sections: readonly Section[]
}

/** @param patient who was not heard so far may still be */
export function assess(facts: HostFacts, limits: Limits = DEFAULT_LIMITS, patient = false): Assessment {
  const warnings = [
    ...(patient ? [] : silence(facts)),
    ...troublesOf(facts),
    ...exceeded(facts, limits),
  ].toSorted((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'))
  const sections = SECTIONS.flatMap(([name, draw]): Section[] => {
    const drawn = draw(facts)
    if (drawn === undefined && OPTIONAL.has(name)) return []
    const own = warnings.filter(({section}) => section === name)
    const text = drawn?.text ?? 'not told'
    const level = own[0]?.level ?? (drawn === undefined ? 'unknown' : 'ok')
    const advice = own.flatMap(({text, todo}) => [`${text}:`, `  ${todo}`, ''])
    const details = [...advice, ...(drawn?.details ?? [])].map(visibleText)
    return [{name, level, text: visibleText(text), details}]
  })
  return {
    level: warnings[0]?.level ?? 'ok',
    warnings: warnings.map(warning => ({...warning, text: visibleText(warning.text)})),
    sections,
  }
}

const SECTION_OF: Readonly<Record<Measured, SectionName>> = {
  busy: 'children',
  oldest: 'children',
  waiting: 'waiting',
  age: 'bus',
  lag: 'bus',
  p95: 'elapsed',
  failures: 'next hop',
  incidents: 'incidents',
  evidence: 'evidence',
  deferred: 'mta queues',
}

function exceeded(facts: HostFacts, {warning, critical}: Limits): readonly Warning[] {
  return MEASURED.flatMap((name): Warning[] => {
    const {of, unit, todo} = MEASURES[name]
    const value = of(facts)
    if (value === undefined) return []
    const high = critical[name]
    const isCritical = high !== undefined && value > high
    const limit = isCritical ? high : warning[name]
    if (limit === undefined || value <= limit) return []
    const text = `${name} ${shortNumber(value)}${unit} is above ${limit}`
    return [{level: isCritical ? 'critical' : 'warning', section: SECTION_OF[name], text, todo}]
  })
}

/** Who should be heard and is not. */
function silence({services, children}: HostFacts): readonly Warning[] {
  const found: Warning[] = []
  for (const {name, alive} of services) {
    if (alive) continue
    const todo = 'amavis mc status says whether it runs; "amavis mc" starts the services'
    found.push({level: 'critical', section: 'services', text: `${name} is silent`, todo})
  }
  const {busy, idle} = children
  if (busy + idle === 0) {
    const todo = 'does the daemon run ("amavis start"), with $enable_zmq = 1?'
    found.push({level: 'critical', section: 'children', text: 'no children', todo})
  }
  return found
}

/** What is wrong whatever the thresholds. */
function troublesOf({master, isMasterLost, scanners, bus, anvil}: HostFacts): readonly Warning[] {
  const found: Warning[] = []
  if (isMasterLost) {
    const todo = 'has it ended? "amavis start"; its log says why'
    found.push({level: 'critical', section: 'daemon', text: 'the master does not answer any more', todo})
  }
  if (master?.reload?.ok === false) {
    const todo = '"amavis config check" shows it; mend it, then "amavis reload". The old configuration serves'
    found.push({level: 'warning', section: 'reload', text: 'the last reload was refused', todo})
  }
  for (const {name, pid, lastEnd} of master?.services ?? []) {
    if (pid !== undefined) continue
    const text = `${name} is down${lastEnd === undefined ? '' : ` (${lastEnd})`}`
    found.push({
      level: 'warning',
      section: 'services',
      text,
      todo: 'amavis-mc starts it again; its log says why',
    })
  }
  for (const {name, state, text} of scanners) {
    if (state === 'ok') continue
    const what = `scanner ${name} ${state === 'open' ? 'is not asked any more' : 'fails'}`
    const why = text === '' ? '' : `: ${text}`
    const todo = 'see whether it runs and its socket can be used by $daemon_user'
    found.push({level: 'warning', section: 'scanners', text: what + why, todo})
  }
  if (anvil?.isAsked && anvil.runs === false) {
    const text = 'clients are to be limited, and the counting server does not run: nothing is limited'
    const todo = '"amavis anvil start"; children find it by themselves'
    found.push({level: 'warning', section: 'anvil', text, todo})
  }
  if (bus.dropped > 0) {
    const text = `${bus.dropped} messages were dropped here`
    const todo = 'this view was too slow for the bus; its figures are too low'
    found.push({level: 'warning', section: 'bus', text, todo})
  }
  return found
}
