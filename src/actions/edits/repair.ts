/**
 * repair — lines of a header section that some programs on the way would trip over.
 *
 * A line of nothing but blanks, which some take for the end of the header, is left out; one over 998 octets is cut
 * and ends in `...` (RFC 5322 §2.1.1, §3.2.2). By `$allow_fixing_improper_header` and its two companions. Everything
 * else stays octet for octet, bare CRs too: without them signatures would break. Source: spec/daemon §6.3.
 */
import type {Settings} from '../../config/settings.ts'
import type {Header, HeaderField} from '../../message/message.ts'

/** Without CRLF. */
const LINE_LIMIT = 998
const CUT = Buffer.from('...')

export interface Repairs {
  readonly blankLines: boolean
  readonly longLines: boolean
}

/** What the configuration allows to be mended. */
function allowedRepairs(settings: Settings): Repairs {
  const may = settings.flag('$allow_fixing_improper_header')
  return {
    blankLines: may && settings.flag('$allow_fixing_improper_header_folding'),
    longLines: may && settings.flag('$allow_fixing_long_header_lines'),
  }
}

/** Mended fields by the ones they stand for; nearly always none. */
export function repairedFields(
  header: Header,
  settings: Settings,
): ReadonlyMap<HeaderField, Buffer> | undefined {
  const suspects = header.fields.filter(({raw}) => header.doubtfulEnd >= 0 || raw.length > LINE_LIMIT)
  if (suspects.length === 0) return undefined
  const repairs = allowedRepairs(settings)
  const repaired = new Map<HeaderField, Buffer>()
  for (const field of suspects) {
    const raw = repairField(field.raw, repairs)
    if (raw !== field.raw) repaired.set(field, raw)
  }
  return repaired.size === 0 ? undefined : repaired
}

/** The same buffer where nothing is to be mended. */
export function repairField(raw: Buffer, {blankLines, longLines}: Repairs): Buffer {
  const lines: Buffer[] = []
  let isChanged = false
  for (let start = 0; start < raw.length; ) {
    const lineFeed = raw.indexOf(10, start)
    const next = lineFeed < 0 ? raw.length : lineFeed + 1
    const end = contentEnd(raw, start, next)
    if (blankLines && start > 0 && isBlank(raw, start, end)) isChanged = true
    else if (longLines && end - start > LINE_LIMIT) {
      lines.push(raw.subarray(start, start + LINE_LIMIT - CUT.length), CUT, raw.subarray(end, next))
      isChanged = true
    } else lines.push(raw.subarray(start, next))
    start = next
  }
  return isChanged ? Buffer.concat(lines) : raw
}

/** Where a line ends without its CRLF or LF. */
function contentEnd(raw: Buffer, start: number, next: number): number {
  if (next === start || raw[next - 1] !== 10) return next
  return next - start > 1 && raw[next - 2] === 13 ? next - 2 : next - 1
}

function isBlank(raw: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (raw[at] !== 32 && raw[at] !== 9) return false
  return true
}
