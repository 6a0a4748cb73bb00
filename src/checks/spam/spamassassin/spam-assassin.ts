/**
 * spam-assassin — the module SpamAssassin of `@spam_scanners`: asks the helper that has Mail::SpamAssassin.
 *
 * The helper is a process of the daemon's generation (daemon/spam-helper.ts); it makes a process for each of our
 * connections, and this one is kept from mail to mail. SpamAssassin is told to end a little before our deadline,
 * and then gives what it has; at the deadline the process is killed, and the next mail gets a new one.
 *
 * Diagnostics: what SpamAssassin itself says goes to the log with its level; TIMING-SA at level 2.
 */
import {hash} from 'node:crypto'
import {errorText} from '../../../errors.ts'
import type {Part} from '../../../message/message.ts'
import type {VerifiedSignature} from '../../dkim/signature.ts'
import type {SpamReport} from '../../finding.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {packed} from '../frames.ts'
import {timesFactor} from '../scan.ts'
import {bodyLimit, type ScannedText, scannedText, withLf} from '../scanned-text.ts'
import type {ScanContext, SpamAnswer, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {parseTests, spamFieldsOf} from '../tests-text.ts'
import {type ScanUser, scanUsers} from '../users.ts'
import {type HelperAnswer, type HelperSession, openHelper, type Pairs} from './helper-session.ts'

/** A helper that is only being started is waited for so long; then for a while mail does not wait at all. */
const PATIENCE_MS = 5000
const IMPATIENCE_MS = 5000
/** SpamAssassin ends by itself when this part of the time has passed. */
const OWN_SHARE = 0.9

export function spamAssassin(entry: SpamScannerEntry, socketPath: string | undefined): SpamScanner {
  return new SpamAssassin(entry, socketPath)
}

class SpamAssassin implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly section = 'SA check'
  readonly #entry: SpamScannerEntry
  readonly #socketPath: string | undefined
  #session: HelperSession | undefined
  #impatientUntil = 0

  constructor(entry: SpamScannerEntry, socketPath: string | undefined) {
    this.#entry = entry
    this.#socketPath = socketPath
    this.name = entry.name
    this.description = `${entry.name}: SpamAssassin in a helper process`
  }

  async scan(mail: SpamMail, context: ScanContext): Promise<SpamResult> {
    const end = performance.now() + context.timeoutMs
    const text = scannedText(mail, bodyLimit(this.#entry.bodySizeLimit, mail.settings))
    const answers: SpamAnswer[] = []
    for (const user of scanUsers(mail.envelope, mail.settings)) {
      const answer = await this.#ask(mail, text, user, end, context)
      if (answer.kind === 'failed') return answer
      logTiming(answer.values, context)
      answers.push({
        report: timesFactor(reportOf(answer.values, this.name), this.#entry.scoreFactor),
        recipients: user.recipients,
      })
    }
    return {kind: 'scanned', answers}
  }

  async #ask(
    mail: SpamMail,
    text: ScannedText,
    user: ScanUser,
    end: number,
    context: ScanContext,
  ): Promise<HelperAnswer> {
    const hadSession = this.#session !== undefined && !this.#session.ended
    try {
      const session = await this.#open(end)
      const timeoutMs = Math.max(1, end - performance.now())
      const request = requestOf(mail, text, user, timeoutMs)
      const answer = await session.scan(request, timeoutMs, (level, line) =>
        context.log.write(level, `SA ${line}`),
      )
      // One that was kept may have ended since; that says nothing of this mail.
      if (answer.kind === 'failed' && session.ended && hadSession && performance.now() < end - timeoutMs / 2)
        return await this.#ask(mail, text, user, end, context)
      return answer
    } catch (error) {
      return {kind: 'failed', reason: `SA failed: ${errorText(error)}`}
    }
  }

  async #open(end: number): Promise<HelperSession> {
    if (this.#session && !this.#session.ended) return this.#session
    if (this.#socketPath === undefined) throw new Error('this daemon has no SpamAssassin helper')
    const now = performance.now()
    try {
      this.#session = await openHelper(this.#socketPath, {
        timeoutMs: end - now,
        patienceMs: now < this.#impatientUntil ? 0 : PATIENCE_MS,
      })
      return this.#session
    } catch (error) {
      this.#impatientUntil = performance.now() + IMPATIENCE_MS
      throw error
    }
  }

  close(): void {
    this.#session?.close()
  }
}

function requestOf(mail: SpamMail, text: ScannedText, user: ScanUser, timeoutMs: number): Pairs {
  const {settings, envelope, octets, signatures} = mail
  const pairs: (readonly [string, string | Buffer])[] = [
    ['mail', text.octets],
    ['user', user.name],
    ['prefs', user.preferences],
    ['seconds', String(Math.max(1, Math.floor((timeoutMs * OWN_SHARE) / 1000)))],
    ['return_path', `<${envelope.sender}>`],
    ['recipients', packed(envelope.recipients.map(({address}) => `<${address}>`))],
    ['originating', settings.flag('$originating') ? '1' : '0'],
    ['message_size', String(octets.size)],
    ['body_size', String(text.bodySize)],
    ['amavis_policy_bank_path', settings.bankPath],
  ]
  if (text.truncatedTo !== undefined) {
    pairs.push(['truncated_to', String(text.truncatedTo)])
    // SpamAssassin sees parts that are cut off; their digests are those of the whole.
    pairs.push(['mimepart_digests', packed(mail.parts.filter(({kind}) => kind === 'leaf').map(digestOf))])
  }
  if (signatures) pairs.push(['signatures', packed(signatures.map(signatureOctets))])
  return pairs
}

function digestOf({content, encoding, declaredTypes}: Part): string {
  const octets = encoding === 'base64' ? content : withLf(content)
  return `${hash('sha1', octets)}:${declaredTypes[0] ?? 'text/plain'}`
}

function signatureOctets({bits, expires, ...texts}: VerifiedSignature): Buffer {
  return packed([
    ...Object.entries(texts).flat(),
    'bits',
    String(bits ?? ''),
    'expires',
    String(expires ?? ''),
  ])
}

const TAG = 'tag:'

function reportOf(values: ReadonlyMap<string, string>, scanner: string): SpamReport {
  const supplementary = new Map(
    [...values].flatMap(([name, value]) =>
      name.startsWith(TAG) ? [[name.slice(TAG.length), value]] : [],
    ) as [string, string][],
  )
  for (const [name, key] of [
    ['SAVERSION', 'version'],
    ['SASUBVERSION', 'subversion'],
  ] as const) {
    const value = values.get(key)
    if (value) supplementary.set(name, value)
  }
  return {
    scanner,
    score: Number(values.get('score') ?? 0),
    tests: parseTests(values.get('tests') ?? ''),
    autolearn: values.get('autolearn') ?? '',
    report: (values.get('report') ?? '').trimEnd(),
    summary: (values.get('summary') ?? '').trimEnd(),
    fields: spamFieldsOf(values.get('fields') ?? ''),
    supplementary,
  }
}

/** `TIMING-SA [total 64 ms, cpu 60 ms] - parse: 0.77 (1.2%), …` */
function logTiming(values: ReadonlyMap<string, string>, {log}: ScanContext): void {
  const [, total, sections] = /^total (\S+ ms) - (.*)$/s.exec(values.get('timing') ?? '') ?? []
  if (total === undefined || !log.enabled(2)) return
  log.write(2, `TIMING-SA [total ${total}, cpu ${values.get('cpu_ms')} ms] - ${sections}`)
}
