/**
 * answer — what Rspamd says of a mail (`/checkv2`).
 *
 * The score decides, by our own levels; the action that Rspamd would take is told and not taken. Symbols are tests,
 * each with its points. Fields that it wants added to the mail or taken out of it are handed on. Nothing is believed
 * of the answer: what is not of its kind is left out, and what it says is cut where it is too long.
 * Source: spec/daemon §10.4; Rspamd's protocol documentation. Pure.
 */
import type {ScoredTest, SpamReport} from '../../finding.ts'

export type Answer =
  | {
      readonly kind: 'report'
      readonly report: Omit<SpamReport, 'scanner'>
      /** what it would do: `no action`, `add header`, `reject` … */
      readonly action: string
    }
  /** isUp: it works, and only does not take this mail */
  | {readonly kind: 'failed'; readonly reason: string; readonly isUp: boolean}

const MOST_SYMBOLS = 1000
const MOST_FIELDS = 50
const LONGEST_NAME = 100
const LONGEST_BODY = 10_000
const LONGEST_OPTIONS = 120

/** @param body all octets of the HTTP answer's body */
export function parseAnswer(status: number, body: Buffer): Answer {
  const said = parseJson(body)
  if (status !== 200) {
    const error = isRecord(said) ? printable(said['error'], LONGEST_OPTIONS) : ''
    return failed(`Rspamd says ${status}${error === '' ? '' : `: ${error}`}`, status < 500)
  }
  if (!isRecord(said)) return failed('an answer that is not of its protocol', false)
  const {score} = said
  if (typeof score !== 'number' || !Number.isFinite(score)) return failed('an answer without a score', false)
  const action = printable(said['action'], LONGEST_NAME) || 'no action'
  return {kind: 'report', report: reportOf(said, score, action), action}
}

function failed(reason: string, isUp: boolean): Answer {
  return {kind: 'failed', reason, isUp}
}

function reportOf(said: JsonRecord, score: number, action: string): Omit<SpamReport, 'scanner'> {
  const symbols = symbolsOf(said['symbols'])
  const required = finite(said['required_score'])
  const table = tableOf(symbols)
  const {add, remove} = milterFields(said['milter'])
  const of = required === undefined ? '' : ` of ${required}`
  return {
    score,
    tests: symbols.map(({name, score: points}) => ({name, score: points})),
    autolearn: '',
    report: `Rspamd: ${action}, ${rounded(score)}${of} points\n${table}`,
    summary: table,
    fields: add,
    removedFields: remove,
    supplementary: new Map([['RSPAMDACTION', action]]),
  }
}

interface RspamdSymbol extends ScoredTest {
  readonly description: string
}

/** Those with most to say first. */
function symbolsOf(said: unknown): readonly RspamdSymbol[] {
  if (!isRecord(said)) return []
  const symbols = Object.entries(said)
    .slice(0, MOST_SYMBOLS)
    .map(([name, symbol]) => symbolOf(name, isRecord(symbol) ? symbol : {}))
  return symbols.sort((a, b) => Math.abs(b.score ?? 0) - Math.abs(a.score ?? 0))
}

function symbolOf(name: string, symbol: JsonRecord): RspamdSymbol {
  const options = Array.isArray(symbol['options']) ? symbol['options'].slice(0, 10) : []
  const listed = options.map(option => printable(option, LONGEST_OPTIONS)).filter(Boolean)
  const details = listed.length === 0 ? '' : ` [${listed.join(',').slice(0, LONGEST_OPTIONS)}]`
  return {
    // Lists of tests are written with commas and equal signs.
    name: printable(name, LONGEST_NAME).replace(/[ ,=[\]]/g, '_'),
    score: finite(symbol['score']) ?? finite(symbol['metric_score']),
    description: `${printable(symbol['description'], LONGEST_OPTIONS)}${details}`.trim(),
  }
}

function tableOf(symbols: readonly RspamdSymbol[]): string {
  const rows = symbols.map(({name, score, description}) =>
    `${rounded(score ?? 0)
      .toFixed(1)
      .padStart(4)} ${name.padEnd(22)} ${description}`.trimEnd(),
  )
  const rule = `---- ${'-'.repeat(22)} ${'-'.repeat(50)}`
  return [' pts symbol                 description', rule, ...rows].join('\n')
}

/** Fields that its module milter_headers wants in the mail, or none of whose name it wants. */
function milterFields(said: unknown): {
  readonly add: readonly (readonly [string, string])[]
  readonly remove: readonly string[]
} {
  if (!isRecord(said)) return {add: [], remove: []}
  const add = entriesOf(said['add_headers']).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap(one => {
      const body = bodyOf(isRecord(one) ? one['value'] : one)
      return body === undefined ? [] : [[name, body] as const]
    }),
  )
  // A number but 0 is one of several fields of the name; nobody but the sender can have put them there.
  const remove = entriesOf(said['remove_headers']).flatMap(([name, which]) => (which === 0 ? [name] : []))
  return {add: add.slice(0, MOST_FIELDS), remove: remove.slice(0, MOST_FIELDS)}
}

function entriesOf(said: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (!isRecord(said)) return []
  return Object.entries(said).filter(([name]) => name.length <= LONGEST_NAME && /^[!-9;-~]+$/.test(name))
}

/** Lines that begin with a blank, as the mail will have them. */
function bodyOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return String(value)
    .slice(0, LONGEST_BODY)
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .join('\n')
    .trim()
}

type JsonRecord = Readonly<Record<string, unknown>>

function parseJson(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString('utf8'))
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function rounded(points: number): number {
  return Math.round(1000 * points) / 1000
}

/** One line of ASCII: it goes into logs, headers and notifications. */
function printable(value: unknown, longest: number): string {
  if (typeof value !== 'string' && typeof value !== 'number') return ''
  return String(value)
    .slice(0, longest)
    .replace(/[^\x20-\x7e]/g, '?')
}
