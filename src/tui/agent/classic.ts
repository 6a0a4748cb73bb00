/**
 * classic — the counter display of amavisd-agent, exactly.
 *
 * Fed with all variables at each display; remembers five minutes of each counter for the rates.
 * Source: spec/monitoring §5.1.
 */
import {isOwnCounter} from '../../bus/counters/own.ts'
import {visibleText} from '../visible.ts'
import {baseOf} from './bases.ts'
import {fixed, padFixed} from './format.ts'
import {type Rate, RateHistory} from './rates.ts'

export interface Variable {
  /** C32, C64, INT, TIM are numbers; all others are shown as they are */
  readonly type: string
  readonly value: string
}

export type Variables = ReadonlyMap<string, Variable>

const NUMERIC = /^(?:C32|C64|INT|TIM)$/
/** Whether values of this type are shown as numbers. */
export function isNumeric(type: string): boolean {
  return NUMERIC.test(type)
}

const MEGABYTE = 1_048_576
/** What is later was not sent by a clock, and cannot be shown as a date. */
const LAST_MS = 1e14

interface Group {
  readonly member: RegExp
  readonly title: string
  readonly base: string
}

/** Shown after everything else, most frequent first. */
const GROUPS: readonly Group[] = [
  {member: /^virus\.byname\.(.*)$/s, title: 'virus.byname', base: 'ContentVirusMsgs'},
  {member: /^virus\.byOS\.(.*)$/s, title: 'virus.byOS', base: 'ContentVirusMsgs'},
  {member: /^spam(?:my)?\.byOS\.(.*)$/s, title: 'spam.byOS', base: 'ContentSpamMsgs'},
  {member: /^ham\.byOS\.(.*)$/s, title: 'ham.byOS', base: 'ContentCleanMsgs'},
]

/** Unix time in ms at which the daemon started; undefined without sysUpTime. */
export function startedMs(variables: Variables): number | undefined {
  const start = variables.get('sysUpTime')
  const ms = start && isNumeric(start.type) ? Number(start.value) * 1000 : Number.NaN
  return Math.abs(ms) < LAST_MS ? ms : undefined
}

export class ClassicAgent {
  readonly #rates = new RateHistory()

  /** Lines of one display, with the two empty ones that begin it. */
  display(nowMs: number, variables: Variables): readonly string[] {
    const started = startedMs(variables)
    const uptimeMs = started === undefined ? undefined : nowMs - started
    const names = [...variables.keys()].filter(name => !isOwnCounter(name)).sort(byBytes)
    const numbers = new Map<string, number>()
    const raw: string[] = []
    for (const name of names) {
      const {type, value} = variables.get(name)!
      if (name === 'sysUpTime' && uptimeMs !== undefined) {
        raw.push(rawLine(name, upTimeText(uptimeMs)))
      } else if (isNumeric(type)) {
        numbers.set(name, Number(value) || 0)
      } else {
        raw.push(rawLine(name, `${type} ${value}`))
      }
    }
    const inMsgs = numbers.get('InMsgs') ?? 0
    const rateOf = (name: string, value: number) => this.#rates.add(name, {nowMs, value, inMsgs}, uptimeMs)
    const line = (name: string) => counterLine(name, numbers, rateOf(name, numbers.get(name)!))
    const grouped = GROUPS.map(group => ({...group, members: membersOf(group, numbers)}))
    const isGrouped = (name: string) => GROUPS.some(({member}) => member.test(name))
    const isPartType = (name: string) => name.startsWith('OpsDecType')
    const plain = [...numbers.keys()].filter(name => !isGrouped(name) && !isPartType(name))
    const lines = ['', '', ...raw, ...plain.map(line)]
    lines.push(...byValue([...numbers].filter(([name]) => isPartType(name))).map(([name]) => line(name)))
    if (grouped.some(({members}) => members.length > 0)) lines.push('')
    for (const {base, members} of grouped) {
      const total = numbers.get(base) ?? 0
      if (total === 0) continue
      for (const [name, value] of byValue(members)) {
        const rate = padFixed(rateOf(name, value).perHour, 6, 0)
        const share = padFixed((100 * value) / total, 6, 1)
        lines.push(`${name.padEnd(35)} ${whole(value)} ${rate}/h ${share} % (${base})`)
      }
    }
    return lines.map(visibleText)
  }
}

/** Names of a group under its own title; of equal names the last one counts. */
function membersOf({member, title}: Group, numbers: ReadonlyMap<string, number>): [string, number][] {
  const found = new Map<string, number>()
  for (const [name, value] of numbers) {
    const match = member.exec(name)
    if (match) found.set(`${title}.${match[1]}`, value)
  }
  return [...found]
}

function rawLine(name: string, text: string): string {
  return `${name.padEnd(15)} ${text}`
}

function upTimeText(uptimeMs: number): string {
  const ticks = Math.trunc(uptimeMs / 10)
  const two = (n: number) => String(n).padStart(2, '0')
  const seconds = Math.floor(ticks / 100)
  const clock = `${Math.floor(seconds / 3600) % 24}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `TimeTicks ${ticks} (${Math.floor(seconds / 86_400)} days, ${clock}.${two(ticks % 100)})`
}

function counterLine(name: string, numbers: ReadonlyMap<string, number>, rate: Rate): string {
  const {base, kind} = baseOf(name)
  const value = numbers.get(name)!
  const label = name.padEnd(35)
  if (kind === 'time') {
    const each = rate.messages < 1 ? '---' : padFixed(rate.change / 1000 / rate.messages, 7, 3)
    return `${label} ${padFixed(value / 1000, 6, 0)} s   ${each.padStart(8)} s/msg (${base})`
  }
  const total = numbers.get(base) ?? 0
  const share = total > 0 ? fixed((100 * value) / total, 1) : '---'
  if (kind === 'size') {
    const size = padFixed(value / MEGABYTE, 6, 0)
    return `${label} ${size}MB ${padFixed(rate.perHour / MEGABYTE, 4, 0)}MB/h ${share.padStart(total > 0 ? 5 : 4)} % (${base})`
  }
  return `${label} ${whole(value)} ${padFixed(rate.perHour, 6, 0)}/h ${share.padStart(7)} % (${base})`
}

function whole(value: number): string {
  return String(Math.trunc(value)).padStart(6)
}

function byValue(entries: readonly [string, number][]): readonly [string, number][] {
  return [...entries].sort((a, b) => b[1] - a[1])
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
