/**
 * csv — the counters as comma separated values (RFC 4180), one line a counter and display. Pure.
 */
import {visibleText} from '../visible.ts'
import {baseOf} from './bases.ts'
import {isNumeric, startedMs, type Variables} from './classic.ts'
import {RateHistory} from './rates.ts'

export const CSV_HEADING = 'time,name,type,value,per_hour,base,percent'

/** The manual's section about it. */
export const CSV_FIELDS = `With --csv each counter is a line (RFC 4180) after a heading: ${CSV_HEADING}. The
last three are empty where there is none; values of other types than numbers stand in quotes.`

export class AgentCsv {
  readonly #rates = new RateHistory()

  /** Lines of one display, without the heading. */
  display(nowMs: number, variables: Variables, filter?: RegExp): readonly string[] {
    const started = startedMs(variables)
    const uptimeMs = started === undefined ? undefined : nowMs - started
    const numberOf = (name: string) => Number(variables.get(name)?.value ?? 0) || 0
    const inMsgs = numberOf('InMsgs')
    const time = new Date(nowMs).toISOString()
    return [...variables]
      .filter(([name]) => filter === undefined || filter.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, {type, value: text}]) => {
        const start = [time, field(name), field(type)]
        if (!isNumeric(type)) return [...start, field(text), '', '', ''].join(',')
        const value = numberOf(name)
        if (!type.startsWith('C')) return [...start, value, '', '', ''].join(',')
        const {perHour} = this.#rates.add(name, {nowMs, value, inMsgs}, uptimeMs)
        const {base, kind} = baseOf(name)
        const total = numberOf(base)
        const percent = total > 0 && kind !== 'time' ? ((100 * value) / total).toFixed(3) : ''
        return [...start, value, perHour.toFixed(3), field(base), percent].join(',')
      })
  }
}

/** A spreadsheet takes a text that begins like a formula for one: such a text gets an apostrophe. */
function field(text: string): string {
  const visible = visibleText(text)
  const harmless = /^[=+\-@]/.test(visible) ? `'${visible}` : visible
  return /[",]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
