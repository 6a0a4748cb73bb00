/**
 * scanner — what a spam scanner is given and what it says. Types only.
 */
import type {Settings} from '../../config/settings.ts'
import type {Log} from '../../log/log.ts'
import type {Client, Envelope} from '../../message/envelope.ts'
import type {Header, Part} from '../../message/message.ts'
import type {Octets} from '../../message/octets.ts'
import type {ScannerCondition} from '../breaker.ts'
import type {VerifiedSignature} from '../dkim/signature.ts'
import type {SpamReport} from '../finding.ts'

/** One mail, as spam scanners see it. */
export interface SpamMail {
  readonly taskId: string
  readonly mailId: string
  readonly envelope: Envelope
  readonly client: Client
  readonly octets: Octets
  /** all octets in memory */
  readonly content: Buffer
  readonly header: Header
  readonly parts: readonly Part[]
  /** with the banks of the mail */
  readonly settings: Settings
  /** what the virus scanners said, for X-Amavis-AV-Status; undefined: nothing */
  readonly virusStatus: string | undefined
  /** what p0f said of the client; undefined: nothing */
  readonly osFingerprint: string | undefined
  /** DKIM signatures as we have verified them; undefined: nobody has */
  readonly signatures?: readonly VerifiedSignature[] | undefined
}

/** What the recipients get of it: undefined recipients are all of the envelope. */
export interface SpamAnswer {
  readonly report: SpamReport
  readonly recipients?: readonly number[] | undefined
}

/** How a scanner that can be taught sees the mail itself. */
export type Opinion = 'ham' | 'spam' | 'unsure'

export type SpamResult =
  | {readonly kind: 'scanned'; readonly answers: readonly SpamAnswer[]; readonly opinion?: Opinion}
  /** isOpen: it was not asked, as it is down */
  | {readonly kind: 'failed'; readonly reason: string; readonly isOpen?: boolean}

/** Is told of a scanner that is in another condition than before, and why. */
export type ReportCondition = (name: string, condition: ScannerCondition, reason: string) => void

export interface ScanContext {
  /** ms; the scanner ends by itself within them */
  readonly timeoutMs: number
  readonly log: Log
}

/** Lives as long as its child; asked for one mail at a time. */
export interface SpamScanner {
  /** as the configuration names it */
  readonly name: string
  /** its section of the TIMING line; undefined: its name */
  readonly section?: string
  /** for the start-up log */
  readonly description: string
  /** Rejects never. */
  scan(mail: SpamMail, context: ScanContext): Promise<SpamResult>
  /** Is told what the mail turned out to be, where it thought otherwise. Rejects never. */
  learn?(mail: SpamMail, as: Exclude<Opinion, 'unsure'>, context: ScanContext): Promise<void>
  close(): void
}
