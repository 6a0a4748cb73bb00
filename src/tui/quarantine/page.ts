/**
 * tui/quarantine/page — mails in quarantine for a person, and for programs.
 *
 * All of it comes from strangers: what a terminal would obey is shown as a question mark.
 */
import type {QuarantineItem} from '../../actions/quarantine/item.ts'
import type {Theme} from '../theme.ts'
import {visibleText} from '../visible.ts'

/** Fields of one mail in JSON. */
export const JSON_FIELDS =
  'Each mail in JSON: name, mail_id, category, time (ISO 8601), size, sender, recipients, blocked, from, subject, score, alerts.'

export function itemJson(item: QuarantineItem) {
  const {name, category, at, size, stored, from, subject, score} = item
  return {
    name,
    mail_id: stored.mailId,
    category,
    time: new Date(at).toISOString(),
    size,
    sender: stored.sender,
    recipients: stored.recipients,
    blocked: stored.blocked,
    from,
    subject,
    score: score === '' ? undefined : Number(score),
    alerts: stored.alerts,
  }
}

/** A line each: when, why, how large, whose, what about; the name that release takes comes last. */
export function itemLines(
  items: readonly QuarantineItem[],
  theme: Theme,
  columns: number,
): readonly string[] {
  const nameWidth = Math.max(4, ...items.map(({name}) => name.length))
  const rest = Math.max(20, columns - 16 - 1 - 10 - 1 - 6 - 1 - nameWidth - 1)
  const senderWidth = Math.floor(rest * 0.4)
  const head = `${'written'.padEnd(16)} ${'category'.padEnd(10)} ${'size'.padStart(6)} ${'name'.padEnd(nameWidth)} sender, subject`
  return [
    theme.heading(head),
    ...items.map(({name, category, at, size, stored, subject}) =>
      [
        time(at),
        category.padEnd(10),
        sizeText(size).padStart(6),
        visibleText(name).padEnd(nameWidth),
        `${cut(`<${visibleText(stored.sender)}>`, senderWidth)} ${theme.faint(cut(visibleText(subject), rest - senderWidth - 1))}`,
      ].join(' '),
    ),
  ]
}

/** All that is known of one. */
export function itemPage(item: QuarantineItem, theme: Theme): readonly string[] {
  const {name, category, at, size, stored, from, subject, score} = item
  const rows: readonly (readonly [string, string])[] = [
    ['name', name],
    ['mail_id', stored.mailId ?? ''],
    ['category', category],
    ['written', time(at)],
    ['size', `${size} octets`],
    ['sender', `<${stored.sender}>`],
    ...stored.recipients.map(address => ['recipient', withMark(address, stored.blocked)] as const),
    ['From', from],
    ['Subject', subject],
    ['score', score],
    ...stored.alerts.map(alert => ['alert', alert] as const),
  ]
  return rows
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `${theme.faint(label.padEnd(10))} ${visibleText(value)}`)
}

function withMark(address: string, blocked: readonly string[]): string {
  return blocked.includes(address) ? `<${address}> (did not get it)` : `<${address}>`
}

/** Local time to the minute. */
export function time(at: number): string {
  const when = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${two(when.getHours())}:${two(when.getMinutes())}`
}

export function sizeText(octets: number): string {
  if (octets < 1024) return String(octets)
  const units = ['k', 'M', 'G', 'T']
  let value = octets / 1024
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
