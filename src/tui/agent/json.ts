/**
 * json — one counter display as one JSON object. Field names are part of the command's manual and keep
 * their meaning.
 */
import {visibleJson} from '../visible.ts'
import {baseOf} from './bases.ts'
import {isNumeric, startedMs, type Variables} from './classic.ts'
import {RateHistory} from './rates.ts'

/** The manual's section about it. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), responder (several with
a blank between), uptime_s or null, and variables by name. Of a variable: type and value; of a counter also per_hour (over the last five minutes,
or since the start), base (the counter it is a share of, or null) and percent of that, or null; of an
elapsed time, which is in ms, ms_per_message or null.`

export class AgentJson {
  readonly #rates = new RateHistory()

  display(nowMs: number, variables: Variables, responder: string, filter?: RegExp): string {
    const started = startedMs(variables)
    const uptimeMs = started === undefined ? undefined : nowMs - started
    const numberOf = (name: string) => Number(variables.get(name)?.value ?? 0) || 0
    const inMsgs = numberOf('InMsgs')
    const describe = (name: string, type: string, text: string) => {
      if (!isNumeric(type)) return {type, value: text}
      const value = numberOf(name)
      if (!type.startsWith('C')) return {type, value}
      const {base, kind} = baseOf(name)
      const rate = this.#rates.add(name, {nowMs, value, inMsgs}, uptimeMs)
      if (kind === 'time') {
        return {type, value, ms_per_message: rate.messages < 1 ? null : round(rate.change / rate.messages)}
      }
      const total = numberOf(base)
      const percent = total > 0 ? round((100 * value) / total) : null
      return {type, value, per_hour: round(rate.perHour), base: base || null, percent}
    }
    const shown = [...variables].filter(([name]) => filter === undefined || filter.test(name))
    const names = shown.sort(([a], [b]) => (a < b ? -1 : 1))
    return visibleJson({
      time: new Date(nowMs).toISOString(),
      responder,
      uptime_s: uptimeMs === undefined ? null : Math.floor(uptimeMs / 1000),
      variables: Object.fromEntries(
        names.map(([name, {type, value}]) => [name, describe(name, type, value)]),
      ),
    })
  }
}

function round(value: number): number {
  return Number(value.toFixed(3))
}
