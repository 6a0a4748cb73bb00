/**
 * language/time-functions — Perl's functions of dates.
 */
import type {Scalar} from '../value.ts'
import type {Call} from './ast.ts'
import {numberOf, textOf} from './convert.ts'
import {itemsOf} from './evaluate.ts'
import type {Machine} from './machine.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

type TimeFunction = (machine: Machine, call: Call, want: 'scalar' | 'list') => readonly Scalar[]

const now = () => Math.floor(Date.now() / 1000)

export const TIME_FUNCTIONS: ReadonlyMap<string, TimeFunction> = new Map<string, TimeFunction>([
  ['time', () => [now()]],
  ['localtime', (machine, call, want) => broken(secondsOf(machine, call), false, want)],
  ['gmtime', (machine, call, want) => broken(secondsOf(machine, call), true, want)],
  ['strftime', (machine, call) => [formattedTime(itemsOf(machine, call.args))]],
])

function secondsOf(machine: Machine, call: Call): number {
  const [value] = itemsOf(machine, call.args)
  return value === undefined ? now() : numberOf(value)
}

/** The nine parts of a moment, or in scalar context the way that a letter dates itself. */
function broken(seconds: number, utc: boolean, want: 'scalar' | 'list'): readonly Scalar[] {
  const moment = new Date(seconds * 1000)
  // the same moment, so that its UTC parts are those that are asked for
  const date = utc ? moment : new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000)
  const year = date.getUTCFullYear()
  if (Number.isNaN(year)) return want === 'list' ? [] : [undefined]
  const parts = [
    date.getUTCSeconds(),
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth(),
  ]
  if (want === 'list') {
    const dayOfYear = Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / DAY_MS)
    return [...parts, year - 1900, date.getUTCDay(), dayOfYear, !utc && isSummer(moment) ? 1 : 0]
  }
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0] = parts
  const clock = [hour, minute, second].map(two).join(':')
  return [`${DAYS[date.getUTCDay()]} ${MONTHS[month]} ${String(day).padStart(2)} ${clock} ${year}`]
}

function isSummer(moment: Date): boolean {
  const year = moment.getFullYear()
  const winter = Math.max(...[0, 6].map(month => new Date(year, month, 1).getTimezoneOffset()))
  return moment.getTimezoneOffset() < winter
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** POSIX's strftime of the parts that localtime gives, with the conversions of dates and times. */
function formattedTime([format, ...parts]: readonly Scalar[]): string {
  const [second = 0, minute = 0, hour = 0, day = 1, month = 0, year = 70] = parts.map(numberOf)
  const date = new Date(Date.UTC(year + 1900, month, day, hour, minute, second))
  if (Number.isNaN(date.getTime())) return ''
  const dayOfYear = Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1
  const known: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    y: two(date.getUTCFullYear() % 100),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    e: String(date.getUTCDate()).padStart(2),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    j: String(dayOfYear).padStart(3, '0'),
    a: DAYS[date.getUTCDay()]!,
    b: MONTHS[date.getUTCMonth()]!,
    u: String(date.getUTCDay() || 7),
    w: String(date.getUTCDay()),
    F: date.toISOString().slice(0, 10),
    T: date.toISOString().slice(11, 19),
    n: '\n',
    t: '\t',
    '%': '%',
  }
  return textOf(format).replace(/%([a-zA-Z%])/g, (all, letter: string) =>
    Object.hasOwn(known, letter) ? known[letter]! : all,
  )
}
