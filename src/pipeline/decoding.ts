/**
 * decoding — the stage that opens archives: has it done within the limits, and tells the log what was not.
 *
 * A mail without an archive is done with here in no time.
 */
import type {Settings} from '../config/settings.ts'
import {unpackLimits} from '../decode/limits.ts'
import type {LeafOctets} from '../decode/process/messages.ts'
import {type OpenPart, openings, unpack} from '../decode/unpack.ts'
import type {Log} from '../log/log.ts'
import {type Part, partName} from '../message/message.ts'
import type {MailServices} from './services.ts'

export interface DecodedParts {
  readonly parts: readonly Part[]
  /** the limit that ended the unpacking */
  readonly limit: string | undefined
}

/**
 * All parts, those of archives included.
 * @param parts with their types
 * @param size of the mail, in octets
 */
export function decodeParts(
  parts: readonly Part[],
  size: number,
  settings: Settings,
  services: Pick<MailServices, 'decoders' | 'count' | 'log' | 'shareMs'>,
): DecodedParts | Promise<DecodedParts> {
  if (settings.flag('$bypass_decode_parts')) return {parts, limit: undefined}
  const found = openings(parts)
  if (found.length === 0) return {parts, limit: undefined}
  const {decoders, count, log, shareMs} = services
  const plan = decoders.plan(settings)
  const until = performance.now() + shareMs()
  const open: OpenPart = async (part, opening, limits, firstNumber) => {
    const by = COUNTED.get(opening.format) ?? '7z'
    count(`OpsDecBy${by}Attempt`)
    const timeoutMs = Math.max(1, until - performance.now())
    const request = {leaf: octetsOf(part), opening, limits, firstNumber}
    const decoded = await decoders.decode(request, timeoutMs, plan.program(opening.format))
    if (decoded.members.length > 0) count(`OpsDecBy${by}`)
    return decoded
  }
  const asked = found.filter(([, {format}]) => plan.mayOpen(format))
  const {mayOpen} = plan
  return unpack(parts, asked, unpackLimits(size, settings), {open, mayOpen}).then(unpacked => {
    logProblems(unpacked, log)
    return unpacked
  })
}

/** `OpsDecType-exe.exe-ms`: parts of each type, as they were offered to decoders (spec/monitoring). */
export function countTypes(parts: readonly Part[], count: MailServices['count']): void {
  for (const {kind, shortTypes} of parts) {
    if (kind === 'leaf' && shortTypes.length > 0) count(`OpsDecType-${shortTypes.join('.')}`)
  }
}

function octetsOf({content, path}: Part): LeafOctets {
  return path === undefined ? {kind: 'memory', octets: content} : {kind: 'file', path}
}

/** The lines that operators know, one for each part that is not, or not all, open to us. */
function logProblems({parts, limit}: DecodedParts, log: Log): void {
  for (const {number, fullType, problems, names} of parts) {
    for (const {reason, kind} of problems) {
      if (kind === 'ambiguous') continue
      const name = names[0] === undefined ? '' : ` ${names[0]}`
      const what = `Decoding of ${partName(number)}${name} (${fullType || 'member'}) failed`
      log.write(kind === 'limit' ? 1 : -1, `${what}, leaving it unpacked: ${reason}`)
    }
  }
  if (limit !== undefined) log.write(-1, `NOTICE: HOLD reason: ${limit}`)
}

/** Counters of the decoders that have a name of their own (spec/monitoring). */
const COUNTED: ReadonlyMap<string, string> = new Map([
  ['zip', 'ArZip'],
  ['gzip', 'Zlib'],
  ['zstd', 'Zlib'],
  ['tnef', 'Tnef'],
  ['tar', 'Tar'],
  ['cpio', 'Cpio'],
  ['ar', 'Ar'],
  ['rpm', 'Rpm'],
  ['lz4', 'Lz4'],
  ['lzop', 'Lzop'],
  ['ole', 'Ole'],
  ['onenote', 'Onenote'],
  ['binhex', 'Binhex'],
  ['uuencode', 'Uuencode'],
])
