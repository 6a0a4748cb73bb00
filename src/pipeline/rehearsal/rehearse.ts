/**
 * rehearse — one mail through all stages with everything that would happen written down instead of done.
 *
 * The stages are the daemon's own (stages.ts), so what is told here is what would be. Scanners are asked for real,
 * archives are unpacked by a decoder process in a folder that is gone afterwards; nothing is sent, stored, counted
 * or learned on our side. Source: none, the original has nothing of the kind.
 */

import {createHash, hash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {Delivery} from '../../actions/forward/delivery.ts'
import {MailIds} from '../../actions/mail-id.ts'
import type {QuarantineCopy} from '../../actions/quarantine/plan.ts'
import {bannedDecisions, type Decisions} from '../../checks/banned/decisions.ts'
import {resolverFor} from '../../checks/dns/resolver-for.ts'
import {SpamScanners} from '../../checks/spam/scanners.ts'
import {VirusScanners} from '../../checks/virus/scanners.ts'
import {childTimeoutMs} from '../../config/child-timeout.ts'
import type {Settings} from '../../config/settings.ts'
import {createDecoders} from '../../decode/decoders.ts'
import {errorText, type SmtpReply} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import {type Section, Timing} from '../../log/timing.ts'
import {observed} from '../../lookup/observed.ts'
import type {TraceSources} from '../../lookup/trace-table.ts'
import type {Part} from '../../message/message.ts'
import {octetsOf} from '../../message/octets.ts'
import type {Transaction} from '../../session/transaction.ts'
import {Run} from '../run.ts'
import type {MailServices} from '../services.ts'
import {type Checked, check, report} from '../stages.ts'
import {type AskedLookup, AskedLookups} from './asked.ts'
import {type RehearsedCopy, rehearsedCopy} from './copies.ts'
import {
  type LogLine,
  NO_SCANNERS,
  recordingForwarder,
  recordingLog,
  recordingQuarantine,
  recordingScanners,
  type ScannerRun,
} from './ports.ts'

export interface RehearsalRequest {
  readonly sender: string
  /** at least one */
  readonly recipients: readonly string[]
  /** address of the client, as an MTA would tell it; undefined: it does not */
  readonly client: string | undefined
  /** policy banks as a request may name them */
  readonly banks: readonly string[]
  /** ask no scanner */
  readonly partsOnly: boolean
}

export interface RehearsalDeps {
  /** of the process that read the files; the settings without banks of a mail */
  readonly sources: TraceSources
  /** where a SpamAssassin helper listens; undefined: there is none */
  readonly spamHelper?: string | undefined
  /** ask spam scanners about blocked mail, too */
  readonly isThorough?: boolean
  /** for a folder of its own, which is removed */
  readonly base?: string
}

export interface RehearsedPart extends Part {
  /** of what it is when decoded, in hex; undefined for a container */
  readonly sha1: string | undefined
}

export interface Rehearsal {
  readonly request: RehearsalRequest
  /** octets, with CRLF line ends */
  readonly size: number
  /** what the stages came to; undefined when one of them failed */
  readonly checked: Checked | undefined
  /** which stage failed, and why: the client would be told 451 */
  readonly failure: string | undefined
  readonly reply: SmtpReply
  readonly parts: readonly RehearsedPart[]
  /** what banned rules were tried on, for the first recipient */
  readonly banned: Decisions | undefined
  readonly scanners: readonly ScannerRun[]
  readonly asked: readonly AskedLookup[]
  readonly copies: readonly RehearsedCopy[]
  readonly quarantine: readonly QuarantineCopy[]
  readonly sections: readonly Section[]
  readonly log: readonly LogLine[]
}

const TASK = 'rehearsal-01'

/**
 * @param octets the mail with its lines as they stand in a file: LF or CRLF
 * @throws Error when there is no folder to work in
 */
export async function rehearse(
  octets: Buffer,
  request: RehearsalRequest,
  {sources, spamHelper, isThorough = false, base = tmpdir()}: RehearsalDeps,
): Promise<Rehearsal> {
  const lines: LogLine[] = []
  const deliveries: Delivery[] = []
  const quarantined: QuarantineCopy[] = []
  const scanners: ScannerRun[] = []
  const log = recordingLog(lines)
  const timing = new Timing()
  const budgetMs = childTimeoutMs(sources.settings)
  const remainingMs = () => Math.max(1, budgetMs - timing.elapsed())
  const run: Run = new Run({state() {}, mark: name => timing.mark(name), remainingMs})
  const asked = new AskedLookups(sources, () => run.stage)
  const settings = observed(sources.settings, asked)
  const folder = await mkdtemp(path.join(base, 'amavis-explain-'))
  const partsFolder = async () => path.join(folder, 'parts')
  const decoders = createDecoders({base: folder, folder: partsFolder})
  const virusScanners = new VirusScanners({log, report() {}})
  const spamScanners = new SpamScanners({settings: sources.settings, log, spamHelper, report() {}})
  const mail = transactionOf(octets, request, {settings, timing})
  const services: MailServices = {
    ...(request.partsOnly
      ? NO_SCANNERS
      : recordingScanners({scanners: virusScanners, spamScanners}, scanners)),
    forwarder: recordingForwarder(deliveries),
    quarantine: recordingQuarantine(quarantined),
    isThorough,
    partsFolder,
    decoders,
    resolve: resolverFor(sources.settings),
    mailIds: new MailIds(settings.number('$mail_id_size_bits')),
    isNewVirus: async () => true,
    takeLogCounts: () => ({byLevel: new Map(), lines: 0}),
    publishing: false,
    publish() {},
    reportScanner() {},
    hooks: await decidingHooks(sources.settings, log),
    log,
    count() {},
    counted: new Map(),
    remainingMs,
    shareMs: remainingMs,
    elapsedMs: () => timing.elapsed(),
  }
  try {
    let checked: Checked | undefined
    let failure: string | undefined
    try {
      checked = await check(mail, run, services)
      await report(checked, run, services)
    } catch (error) {
      failure = `${run.stage} FAILED: ${errorText(error)}`
    }
    run.end()
    const content = mail.octets.memory ?? Buffer.alloc(0)
    const reply = checked?.outcome.reply ?? {
      code: 451,
      enhanced: '4.5.0',
      text: `Error in processing, id=${TASK}, ${run.stage} FAILED`,
    }
    return {
      request,
      size: content.length,
      checked,
      failure,
      reply,
      parts: await Promise.all((checked?.seen.parts ?? []).map(withDigest)),
      banned:
        checked && !request.partsOnly
          ? bannedDecisions(
              checked.seen.parts,
              request.recipients[0] ?? '',
              unobserved(checked.settings),
              () => {},
            )
          : undefined,
      scanners,
      asked: asked.all,
      copies: checked
        ? await Promise.all(deliveries.map(one => rehearsedCopy(one, {header: checked.header, content})))
        : [],
      quarantine: quarantined,
      sections: timing.sections,
      log: lines,
    }
  } finally {
    decoders.close()
    virusScanners.close()
    spamScanners.close()
    await rm(folder, {recursive: true, force: true})
  }
}

/** The operator's hooks that have a say; those that hear what was done are left out, as nothing is. */
async function decidingHooks(settings: Settings, log: Log): Promise<MailServices['hooks']> {
  const file = settings.string('$custom_hooks')
  if (!file) return undefined
  const {hooksFrom} = await import('../hooks/load.ts')
  const hooks = hooksFrom(file, reason => log.write(-2, reason))
  return subject => ({...hooks(subject), afterSend: async () => {}, mailDone: async () => {}})
}

function unobserved(settings: Settings): Settings {
  return {...settings, observer: undefined}
}

function transactionOf(
  octets: Buffer,
  {sender, recipients, client, banks}: RehearsalRequest,
  {settings, timing}: Pick<Transaction, 'settings' | 'timing'>,
): Transaction {
  const {content, bareCr, nul} = withCrlf(octets)
  return {
    taskId: TASK,
    envelope: {
      sender,
      recipients: recipients.map(address => ({address, orcpt: undefined, notify: undefined})),
      declaredSize: undefined,
      body: undefined,
      smtputf8: false,
      ret: undefined,
      envid: undefined,
    },
    client: {
      socketAddress: '127.0.0.1',
      socketPort: undefined,
      helo: undefined,
      forwarded: client === undefined ? new Map() : new Map([['ADDR', client]]),
    },
    listener: {address: '127.0.0.1', port: undefined, path: undefined},
    protocol: 'ESMTP',
    octets: octetsOf(content),
    data: {bareLf: 0, bareCr, nul},
    receivedAt: Date.now(),
    timing,
    settings,
    requestedBanks: banks.join(','),
    preserve: async () => undefined,
  }
}

/** As a client would send it, with a line end at its end. */
function withCrlf(octets: Buffer): {content: Buffer; bareCr: number; nul: number} {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n')
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  const content = Buffer.from(whole.replaceAll('\n', '\r\n'), 'latin1')
  return {content, bareCr: countOf(whole, '\r'), nul: countOf(whole, '\0')}
}

function countOf(text: string, character: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++
  return count
}

async function withDigest(part: Part): Promise<RehearsedPart> {
  if (part.kind === 'container') return {...part, sha1: undefined}
  if (part.path === undefined) return {...part, sha1: hash('sha1', part.content)}
  const digest = createHash('sha1')
  for await (const piece of createReadStream(part.path)) digest.update(piece as Buffer)
  return {...part, sha1: digest.digest('hex')}
}
