/**
 * select — which mails in quarantine are meant: by age, size, category, sender, recipient, mail_id. Pure.
 */
import type {QuarantineFile} from './inventory.ts'
import type {Marked, QuarantineCategory} from './item.ts'

export interface Selection {
  /** ms since the epoch: written before, or not before */
  readonly before?: number | undefined
  readonly since?: number | undefined
  /** octets of the file */
  readonly largerThan?: number | undefined
  readonly categories?: readonly QuarantineCategory[] | undefined
  /** an address, `@domain`, or either with `*` for any characters */
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  readonly mailIds?: readonly string[] | undefined
}

/** Whether the file alone tells enough. */
export function needsReading({categories, sender, recipient, mailIds}: Selection): boolean {
  return (
    sender !== undefined ||
    recipient !== undefined ||
    (categories?.length ?? 0) > 0 ||
    (mailIds?.length ?? 0) > 0
  )
}

export function mayBeMeant({at, size}: QuarantineFile, {before, since, largerThan}: Selection): boolean {
  return (
    (before === undefined || at < before) &&
    (since === undefined || at >= since) &&
    (largerThan === undefined || size > largerThan)
  )
}

/** By what our fields say, of a file that may be meant. */
export function isMeant({stored, category}: Marked, selection: Selection): boolean {
  const {categories = [], sender, recipient, mailIds = []} = selection
  return (
    (categories.length === 0 || categories.includes(category)) &&
    (sender === undefined || isAddress(stored.sender, sender)) &&
    (recipient === undefined ||
      [...stored.recipients, ...stored.blocked].some(address => isAddress(address, recipient))) &&
    (mailIds.length === 0 || (stored.mailId !== undefined && mailIds.includes(stored.mailId)))
  )
}

function isAddress(address: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase()
  const given = address.toLowerCase()
  if (!wanted.includes('*')) return wanted.startsWith('@') ? given.endsWith(wanted) : given === wanted
  // each piece is looked for behind the one before it, so no pattern costs more than its length
  const pieces = (wanted.startsWith('@') ? `*${wanted}` : wanted).split('*')
  let at = 0
  for (const [n, piece] of pieces.entries()) {
    const isLast = n === pieces.length - 1
    const found = isLast ? given.length - piece.length : given.indexOf(piece, at)
    if (found < at || (n === 0 && found !== 0) || !given.startsWith(piece, found)) return false
    at = found + piece.length
  }
  return true
}

const SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400}
const OCTETS: Readonly<Record<string, number>> = {'': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4}

/** `30d`, `12h`, `2w`, in ms; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([smhdw])$/i.exec(text) ?? []
  const seconds = SECONDS[unit.toLowerCase()]
  return number === undefined || seconds === undefined ? undefined : Number(number) * seconds * 1000
}

/** `500`, `10M`, `2G`, in octets; undefined for anything else. */
export function octets(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text) ?? []
  const factor = OCTETS[unit.toLowerCase()]
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor)
}
