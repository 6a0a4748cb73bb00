/**
 * ext-prog — the module ExtProg of `@spam_scanners`: asks a program, such as crm114, bogofilter, spamprobe, dspam.
 *
 *     ['Bogofilter', 'Amavis::SpamControl::ExtProg', 'bogofilter', [qw(-e -v)],
 *       learn_ham => [qw(-n)], learn_spam => [qw(-s)], mail_body_size_limit => 64000, score_factor => 1]
 *
 * It is run without a shell, gets the mail on its standard input as SpamAssassin gets it, and what it writes gives
 * the points. With `lock_file` one runs at a time, by flock(1). Header fields of the kind that such programs write
 * are taken out of what they get: what a sender writes must not look like their answer.
 * Source: spec/daemon §10.4.
 */
import {itemsOf} from '../../../config/scalar.ts'
import type {Settings} from '../../../config/settings.ts'
import type {Scalar} from '../../../config/value.ts'
import {findProgram} from '../../../process/find-program.ts'
import {runProgram} from '../../../process/run-program.ts'
import type {SpamReport} from '../../finding.ts'
import type {SpamScannerEntry} from '../entries.ts'
import {bodyLimit, scannedText} from '../scanned-text.ts'
import type {Opinion, ScanContext, SpamMail, SpamResult, SpamScanner} from '../scanner.ts'
import {type Classified, PROGRAM_FIELD, readOutput} from './output.ts'

/** @throws Error when its program, or the one that locks for it, is not there */
export function extProg(entry: SpamScannerEntry, settings: Settings): SpamScanner {
  return new ExtProg(entry, settings)
}

interface Locking {
  readonly program: string
  readonly file: string
}

class ExtProg implements SpamScanner {
  readonly name: string
  readonly description: string
  readonly #entry: SpamScannerEntry
  readonly #program: string
  readonly #args: readonly string[]
  readonly #learns: boolean
  readonly #locking: Locking | undefined
  readonly #home: string
  readonly #environment: Readonly<Record<string, string>>

  constructor(entry: SpamScannerEntry, settings: Settings) {
    const path = settings.string('$path') || '/usr/local/bin:/usr/bin:/bin'
    const [command, args] = entry.positional
    this.name = entry.name
    this.#entry = entry
    this.#program = found(String(command ?? ''), path)
    this.#args = argumentsOf(args)
    this.#learns = ['learn_ham', 'learn_spam'].some(option => itemsOf(entry.options.get(option)))
    const file = entry.options.get('lock_file')
    this.#locking =
      typeof file === 'string' && file !== '' ? {program: found('flock', path), file} : undefined
    this.#home = settings.string('$helpers_home') || settings.string('$MYHOME') || '/'
    this.#environment = {
      PATH: path,
      HOME: this.#home,
      TMPDIR: settings.string('$TEMPBASE') || '/tmp',
      LC_ALL: 'C',
    }
    this.description = `${entry.name}: ${this.#program}`
  }

  async scan(mail: SpamMail, context: ScanContext): Promise<SpamResult> {
    const ran = await this.#run(this.#args, mail, context, 'lock_type')
    if (typeof ran === 'string') return {kind: 'failed', reason: ran}
    const {log} = context
    if (log.enabled(5)) {
      const line = [this.#program, ...this.#args].join(' ')
      log.write(5, `${this.name} ${line}: exit ${ran.status}, "${ran.output.slice(0, 2000).trim()}"`)
    }
    const classified = readOutput(ran.output)
    if (classified === undefined) {
      const said = ran.output.replace(/\s+/g, ' ').trim().slice(0, 100)
      return {kind: 'failed', reason: `not understood: "${said}", exit status ${ran.status}`}
    }
    const report = reportOf(classified, this.#entry)
    if (log.enabled(2)) log.write(2, `${this.name} result: ${resultText(report)}`)
    const answers = [{report}]
    return this.#learns ? {kind: 'scanned', answers, opinion: classified.opinion} : {kind: 'scanned', answers}
  }

  async learn(mail: SpamMail, as: Exclude<Opinion, 'unsure'>, context: ScanContext): Promise<void> {
    const args = this.#entry.options.get(as === 'ham' ? 'learn_ham' : 'learn_spam')
    if (itemsOf(args) === undefined) return
    const ran = await this.#run(argumentsOf(args), mail, context, 'learner_lock_type')
    if (typeof ran === 'string') context.log.write(-1, `${this.name} FAILED to learn: ${ran}`)
    else context.log.write(2, `${this.name} learnt ${as}, exit status ${ran.status}`)
  }

  #run(
    args: readonly string[],
    mail: SpamMail,
    {timeoutMs}: ScanContext,
    lockType: 'lock_type' | 'learner_lock_type',
  ) {
    const {octets} = scannedText(mail, bodyLimit(this.#entry.bodySizeLimit, mail.settings))
    const [program, ...all] = this.#commandLine(args, lockType)
    return runProgram(program, all, {
      cwd: this.#home,
      env: this.#environment,
      timeoutMs,
      input: withoutProgramFields(octets),
    })
  }

  #commandLine(args: readonly string[], lockType: string): readonly [string, ...string[]] {
    if (this.#locking === undefined) return [this.#program, ...args]
    const how = this.#entry.options.get(lockType) === 'shared' ? '--shared' : '--exclusive'
    return [this.#locking.program, how, '--no-fork', this.#locking.file, this.#program, ...args]
  }

  close(): void {}
}

function found(name: string, path: string): string {
  if (name === '') throw new Error('it has no command')
  const program = findProgram([name], path.split(':'))
  if (program === undefined) throw new Error(`there is no program ${name}`)
  return program
}

function argumentsOf(list: Scalar): readonly string[] {
  return (itemsOf(list) ?? []).map(item =>
    typeof item === 'string' || typeof item === 'number' ? String(item) : '',
  )
}

function reportOf(
  {points, suffix, fields, decimals}: Classified,
  {name, scoreFactor}: SpamScannerEntry,
): SpamReport {
  const score = Number((points * scoreFactor).toFixed(decimals ?? 6))
  return {
    scanner: name,
    score,
    tests: [{name: `${name}${suffix}`.replace(/[ ,=[\]]/g, '_'), score}],
    autolearn: '',
    fields,
    supplementary: new Map(fields),
  }
}

function resultText({tests, score, fields}: SpamReport): string {
  const cacheId = fields?.find(([name]) => name === 'X-CRM114-CacheID')?.[1]
  return `${tests[0]?.name}, score=${score}${cacheId === undefined ? '' : `, cacheid=${cacheId}`}`
}

/** The header section without fields that programs write; the body as it is. @param text with LF */
export function withoutProgramFields(text: Buffer): Buffer {
  const end = text.indexOf('\n\n')
  const header = text.toString('latin1', 0, end < 0 ? text.length : end + 1)
  const kept = header.replace(/^([!-9;-~]+)[ \t]*:.*\n?(?:[ \t].*\n?)*/gm, (field, name: string) =>
    PROGRAM_FIELD.test(name) ? '' : field,
  )
  if (kept.length === header.length) return text
  return Buffer.concat([Buffer.from(kept, 'latin1'), text.subarray(header.length)])
}
