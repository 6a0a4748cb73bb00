/**
 * check — the assessment as monitoring plugins report it. Pure.
 *
 * One line: the state, what is wrong, and performance data after a bar. Exit status 0 OK, 1 WARNING,
 * 2 CRITICAL, 3 UNKNOWN, which is for wrong use only: a silent bus is what such a check is there to find.
 */
import {visibleText} from '../visible.ts'
import type {Level} from './assess.ts'
import type {HostFacts} from './facts.ts'
import type {AssessedHost} from './json.ts'
import {hostName} from './text.ts'
import {type Limits, MEASURED, MEASURES} from './thresholds.ts'
import {rateText, shortNumber} from './units.ts'

export interface CheckResult {
  readonly status: 0 | 1 | 2
  /** one line, without its end */
  readonly text: string
}

const STATUS: Readonly<Record<Level, 0 | 1 | 2>> = {ok: 0, warning: 1, critical: 2}
const WORDS = ['OK', 'WARNING', 'CRITICAL'] as const

/** All hosts in one line; with several of them each is named, in what is wrong and in the performance data. */
export function checkStatus(hosts: readonly AssessedHost[], limits: Limits): CheckResult {
  const several = hosts.length > 1
  const status = Math.max(0, ...hosts.map(({assessment}) => STATUS[assessment.level])) as 0 | 1 | 2
  const wrong = hosts
    .flatMap(({facts, assessment}) =>
      assessment.warnings.map(({level, text}) => ({
        level,
        text: several ? `${hostName(facts)}: ${text}` : text,
      })),
    )
    .toSorted((a, b) => STATUS[b.level] - STATUS[a.level])
    .map(({text}) => text.replaceAll('|', '/'))
  const sum = (of: (facts: HostFacts) => number) => hosts.reduce((n, {facts}) => n + of(facts), 0)
  const rate = sum(({mails}) => mails.perMinute)
  const facts = `${sum(({children}) => children.busy)} busy, ${sum(({children}) => children.idle)} idle, ${rateText(rate)} mails a minute`
  const performance = hosts.flatMap(({facts}) =>
    performanceData(facts, limits, several ? `${label(facts)}_` : ''),
  )
  return {
    status,
    text: visibleText(`AMAVIS ${WORDS[status]} - ${[...wrong, facts].join(', ')} | ${performance.join(' ')}`),
  }
}

function performanceData(facts: HostFacts, {warning, critical}: Limits, prefix: string): readonly string[] {
  const measured = MEASURED.flatMap(name => {
    const {of, unit} = MEASURES[name]
    const value = of(facts)
    if (value === undefined) return []
    return `${prefix}${name}=${shortNumber(value)}${unit};${warning[name] ?? ''};${critical[name] ?? ''};0`
  })
  return [...measured, `${prefix}rate=${shortNumber(facts.mails.perMinute)}`]
}

/** Performance data know no blank, quote nor equals sign in a label. */
function label(facts: HostFacts): string {
  return hostName(facts).replaceAll(/[^\w.-]/g, '_')
}
