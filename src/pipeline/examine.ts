/**
 * examine — takes one mail apart as the daemon would and says what is in it, without doing anything to it.
 *
 * The same steps as the stages, from the octets to the findings of the checks that need nobody else: header and
 * banned rules. Archives are unpacked by a decoder process in a folder that is gone afterwards.
 */
import {createHash, hash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {bannedDecisions, type Decisions, type PartDecision} from '../checks/banned/decisions.ts'
import {checkBanned} from '../checks/banned.ts'
import type {Finding} from '../checks/finding.ts'
import {checkHeader} from '../checks/header.ts'
import {childTimeoutMs} from '../config/child-timeout.ts'
import type {Settings} from '../config/settings.ts'
import {createDecoders} from '../decode/decoders.ts'
import {withConfiguredTypes} from '../decode/short-types.ts'
import {typeParts} from '../decode/types.ts'
import type {Log} from '../log/log.ts'
import {parseHeader} from '../message/header.ts'
import type {Part} from '../message/message.ts'
import {readMime} from '../message/mime/read.ts'
import {decodeParts} from './decoding.ts'
import {mimeLimits, uncheckedFindings} from './inspect.ts'

export interface ExaminedPart extends Part {
  /** of what it is when decoded, in hex; undefined for a container */
  readonly sha1: string | undefined
}

export interface Examination {
  readonly parts: readonly ExaminedPart[]
  readonly mimeError: string | undefined
  /** which limit ended the taking apart */
  readonly limit: string | undefined
  readonly findings: readonly Finding[]
  /** undefined when only the parts were asked for */
  readonly banned: Decisions | undefined
}

export interface ExamineOptions {
  /** whose rules hold */
  readonly recipient: string
  /** stop before the checks */
  readonly partsOnly: boolean
  /** gets what the daemon would log of it */
  readonly log: Log
  /** for a folder of its own, which is removed */
  readonly base?: string
}

/**
 * @param octets the mail with its lines as they stand in a file: LF, or CRLF which is taken for LF
 * @throws AmavisError AM_CONFIG for a table or a regexp that cannot be used; Error when there is no folder to work in
 */
export async function examine(
  octets: Buffer,
  settings: Settings,
  options: ExamineOptions,
): Promise<Examination> {
  const {recipient, partsOnly, log, base = tmpdir()} = options
  const {mail, bareCr} = withLf(octets)
  const header = parseHeader(mail)
  const tree = readMime(mail, header, mimeLimits(settings), bareCr > 0)
  const folder = await mkdtemp(path.join(base, 'amavis-explain-'))
  const decoders = createDecoders({base: folder, folder: async () => path.join(folder, 'parts')})
  try {
    const timeoutMs = childTimeoutMs(settings)
    const services = {decoders, count: () => {}, log, shareMs: () => timeoutMs}
    const decoded = await decodeParts(typeParts(tree.parts), mail.length, settings, services)
    const parts = withConfiguredTypes(decoded.parts, settings)
    const findings = uncheckedFindings(parts, tree.limit ?? decoded.limit)
    let banned: Decisions | undefined
    if (!partsOnly) {
      const report = (problem: string) => log.write(2, problem)
      banned = bannedDecisions(parts, recipient, settings, report)
      const recipients = [{address: recipient, orcpt: undefined, notify: undefined}]
      const complaints = checkHeader(header, {
        mimeError: tree.error,
        tests: settings.hash('%allowed_header_tests'),
        data: {bareLf: 0, bareCr, nul: countOf(mail, 0)},
      })
      findings.push(
        ...complaints.map(complaint => ({kind: 'bad-header', complaint}) as const),
        ...checkBanned(parts, recipients, settings).map(hit => ({kind: 'banned', hit}) as const),
      )
    }
    const limit = tree.limit ?? decoded.limit
    return {parts: await Promise.all(parts.map(withDigest)), mimeError: tree.error, limit, findings, banned}
  } finally {
    decoders.close()
    await rm(folder, {recursive: true, force: true})
  }
}

/** What was decided about a part. */
export function decisionOn(part: Part, {banned}: Examination): PartDecision | undefined {
  return banned?.parts.find(decided => decided.part.number === part.number)
}

/** As the original stores a mail: LF, and one at the end. */
function withLf(octets: Buffer): {mail: Buffer; bareCr: number} {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n')
  const mail = Buffer.from(text === '' || text.endsWith('\n') ? text : `${text}\n`, 'latin1')
  return {mail, bareCr: countOf(mail, 13)}
}

function countOf(octets: Buffer, octet: number): number {
  let count = 0
  for (let at = octets.indexOf(octet); at >= 0; at = octets.indexOf(octet, at + 1)) count++
  return count
}

async function withDigest(part: Part): Promise<ExaminedPart> {
  if (part.kind === 'container') return {...part, sha1: undefined}
  if (part.path === undefined) return {...part, sha1: hash('sha1', part.content)}
  const digest = createHash('sha1')
  for await (const piece of createReadStream(part.path)) digest.update(piece as Buffer)
  return {...part, sha1: digest.digest('hex')}
}
