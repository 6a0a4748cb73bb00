/**
 * services — what the stages have at hand beside the facts of the mail.
 */
import type {Forwarder} from '../actions/forward/delivery.ts'
import type {MailIds} from '../actions/mail-id.ts'
import type {Count} from '../bus/publisher.ts'
import type {ScannerState} from '../bus/scanner-state.ts'
import type {Resolve} from '../checks/dns/resolver.ts'
import type {PenPalStore} from '../checks/pen-pals.ts'
import type {SpamScanners} from '../checks/spam/scanners.ts'
import type {VirusScanners} from '../checks/virus/scanners.ts'
import type {Decoders} from '../decode/decoders.ts'
import type {Log} from '../log/log.ts'
import type {LogCounts} from '../verdict/counters.ts'
import type {HookSubject, MailHooks} from './hooks/run-hooks.ts'
import type {KeptCopies} from './kept-copies.ts'
import type {quarantine} from './quarantining.ts'

/** Those of a child, for all its mails. */
export interface ChildServices {
  readonly forwarder: Forwarder
  readonly scanners: Pick<VirusScanners, 'for'>
  /** stores the copies that the policy asks for */
  readonly quarantine: typeof quarantine
  /** which copies earlier attempts have made; undefined: nobody knows */
  readonly keptCopies?: KeptCopies | undefined
  /** the mail's own folder for its parts as files; it need not exist */
  readonly partsFolder: () => Promise<string>
  /** what the operator's own module does with a mail; undefined: there is none */
  readonly hooks?: ((subject: HookSubject) => MailHooks) | undefined
  readonly spamScanners: Pick<SpamScanners, 'for'>
  /** how a spam scanner is; virus scanners tell it themselves */
  readonly reportScanner: (name: string, condition: ScannerState['state'], reason?: string) => void
  /** unpack archives */
  readonly decoders: Decoders
  readonly mailIds: MailIds
  /** whether one of these names of viruses was never seen here; they are seen from then on */
  readonly isNewVirus: (names: readonly string[]) => Promise<boolean>
  /** remembers what our users sent; undefined: nobody does */
  readonly penPals?: PenPalStore | undefined
  /** asks the DNS */
  readonly resolve: Resolve
  /** log entries since the last call, for the LogEntries counters */
  readonly takeLogCounts: () => LogCounts
  /** whether anybody wants counters */
  readonly publishing: boolean
  /** the counters of one mail go to the bus */
  readonly publish: Count
}

/** With those of one mail. */
export interface MailServices extends ChildServices {
  /** spam scanners are asked about blocked mail, too: somebody wants to know what they say */
  readonly isThorough?: boolean
  /** writes with the task's id */
  readonly log: Log
  readonly count: Count
  /** what `count` has gathered */
  readonly counted: ReadonlyMap<string, number>
  /** ms that are left for this mail; not less than 1 */
  readonly remainingMs: () => number
  /**
   * ms that a check may take: a part of what is left, so that one that hangs leaves time for those after it and
   * for the next hop; not less than 1
   */
  readonly shareMs: () => number
  /** ms since checking began */
  readonly elapsedMs: () => number
}
