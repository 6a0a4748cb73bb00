/**
 * ports — what the stages act with when nothing is to happen: each remembers what it was asked for and says yes.
 *
 * Scanners are the real ones; what they say and how long they take is noted.
 */
import type {Delivery, Forwarder} from '../../actions/forward/delivery.ts'
import type {QuarantineCopy} from '../../actions/quarantine/plan.ts'
import type {SpamReport} from '../../checks/finding.ts'
import type {SpamScanner} from '../../checks/spam/scanner.ts'
import type {ScannerAnswer} from '../../checks/virus/answer.ts'
import type {VirusScanner} from '../../checks/virus/scanner.ts'
import type {Log} from '../../log/log.ts'
import type {ChildServices} from '../services.ts'

export interface ScannerRun {
  readonly name: string
  /** as the start-up log has it */
  readonly description: string
  readonly ms: number
  /** what was logged of it: at the levels of debugging also what was said and heard */
  readonly lines: readonly LogLine[]
  readonly answer:
    | {readonly kind: 'virus'; readonly said: ScannerAnswer}
    | {readonly kind: 'spam'; readonly reports: readonly SpamReport[]}
    | {readonly kind: 'failed'; readonly reason: string}
}

export interface LogLine {
  readonly level: number
  readonly text: string
}

/** Gathers what is said of a mail. */
export function recordingLog(lines: LogLine[]): Log {
  const log: Log = {
    enabled: level => level <= 5,
    write: (level, text) => void lines.push({level, text}),
    forTask: () => log,
  }
  return log
}

/** The same log, and what is written to it. */
function noted(log: Log): {readonly log: Log; readonly lines: LogLine[]} {
  const lines: LogLine[] = []
  const write = (level: number, text: string) => {
    lines.push({level, text})
    log.write(level, text)
  }
  const own: Log = {enabled: level => log.enabled(level), write, forTask: () => own}
  return {log: own, lines}
}

/** Takes every mail and sends none. */
export function recordingForwarder(deliveries: Delivery[]): Forwarder {
  return {
    async deliver(delivery) {
      deliveries.push(delivery)
      const text = `from MTA(${String(delivery.method)}): 250 2.0.0 Ok: not sent, this is a rehearsal`
      return delivery.recipients.map(() => ({
        reply: {code: 250, enhanced: '2.0.0', text},
        remote: undefined,
        queuedAs: undefined,
        dsnPassedOn: delivery.propagateDsn,
      }))
    },
    close: async () => {},
  }
}

/** Stores nothing. */
export function recordingQuarantine(copies: QuarantineCopy[]): ChildServices['quarantine'] {
  return async wanted => {
    copies.push(...wanted)
    return wanted.map(copy => ({copy, locations: copy.targets}))
  }
}

/** The same scanners, with a note of each answer. */
export function recordingScanners(
  {scanners, spamScanners}: Pick<ChildServices, 'scanners' | 'spamScanners'>,
  runs: ScannerRun[],
): Pick<ChildServices, 'scanners' | 'spamScanners'> {
  const virus = (scanner: VirusScanner): VirusScanner => ({
    name: scanner.name,
    description: scanner.description,
    close: () => scanner.close(),
    async scan(subject, timeoutMs) {
      const startedAt = performance.now()
      const {log, lines} = noted(subject.log)
      const said = await scanner.scan({...subject, log}, timeoutMs)
      const {name, description} = scanner
      runs.push({name, description, ms: performance.now() - startedAt, lines, answer: {kind: 'virus', said}})
      return said
    },
  })
  const spam = (scanner: SpamScanner): SpamScanner => ({
    ...(scanner.section === undefined ? {} : {section: scanner.section}),
    name: scanner.name,
    description: scanner.description,
    close: () => scanner.close(),
    async scan(mail, context) {
      const startedAt = performance.now()
      const {log, lines} = noted(context.log)
      const result = await scanner.scan(mail, {...context, log})
      const {name, description} = scanner
      const answer: ScannerRun['answer'] =
        result.kind === 'failed'
          ? {kind: 'failed', reason: result.reason}
          : {kind: 'spam', reports: result.answers.map(({report}) => report)}
      runs.push({name, description, ms: performance.now() - startedAt, lines, answer})
      return result
    },
  })
  return {
    scanners: {
      for(settings) {
        const plan = scanners.for(settings)
        return {...plan, primary: plan.primary.map(virus), backup: plan.backup.map(virus)}
      },
    },
    spamScanners: {for: async settings => (await spamScanners.for(settings)).map(spam)},
  }
}

/** Nobody is asked. */
export const NO_SCANNERS: Pick<ChildServices, 'scanners' | 'spamScanners'> = {
  scanners: {for: () => ({primary: [], backup: [], isWanted: false})},
  spamScanners: {for: () => []},
}
