/**
 * macro-mail — what the built-in macros of templates are made from. Types only.
 */
import type {Settings} from '../../config/settings.ts'
import type {MacroValue} from '../../log/template/expand.ts'
import type {Client, Envelope, Listener} from '../../message/envelope.ts'
import type {Header} from '../../message/message.ts'
import type {Origin} from '../../message/origin.ts'
import type {CheckLetter, Facts, RecipientOutcome} from '../verdict.ts'

/** A copy in quarantine or archive. */
export interface StoredCopy {
  /** `local:virus-%m`, `smtp:[host]:port` … */
  readonly method: string
  readonly locations: readonly string[]
}

export interface MacroMail {
  readonly taskId: string
  readonly mailId: string
  /** '' where the template must not learn it */
  readonly secretId: string
  /** of the mail that a notification is about; '' for none */
  readonly parentMailId: string
  readonly envelope: Envelope
  readonly client: Client
  readonly listener: Listener
  /** the with clause of Received: ESMTP, LMTPS … */
  readonly protocol: string
  /** TLS cipher of the session; '' for none */
  readonly tls: string
  readonly header: Header
  readonly origin: Origin
  readonly settings: Settings
  readonly facts: Facts
  /** all recipients in the order of the envelope */
  readonly outcomes: readonly RecipientOutcome[]
  /** `RelayedInbound`, `Quarantined` … */
  readonly actions: readonly string[]
  /** locations in quarantine */
  readonly quarantine: readonly string[]
  /** the copies of this mail alone, or of an archive where there are no others, for the report */
  readonly stored: readonly StoredCopy[]
  /** names of each MIME part that has any */
  readonly attachments: readonly (readonly string[])[]
  readonly checks: ReadonlySet<CheckLetter>
  /** ms by kind of work: Receiving, Decoding … Total */
  readonly elapsed: ReadonlyMap<string, number>
  /** octets */
  readonly size: number
  /** of the body, in hex */
  readonly bodyDigest: string
  readonly partition: string
  /** ms since the epoch */
  readonly receivedAt: number
  readonly elapsedMs: number
  /** complaints about the header section */
  readonly complaints: readonly string[]
  /** `selector:domain` of valid signatures, and of those that we made */
  readonly dkimValid: readonly string[]
  readonly dkimAdded: readonly string[]
}

/** A macro's value for a mail. */
export type MailMacro = (mail: MacroMail) => MacroValue
export type MailMacroTable = Readonly<Record<string, MailMacro>>
