/**
 * scanner — what every configured virus scanner can be asked.
 */
import type {Settings} from '../../config/settings.ts'
import type {Log} from '../../log/log.ts'
import type {Part} from '../../message/message.ts'
import type {Octets} from '../../message/octets.ts'
import type {ScannerAnswer} from './answer.ts'
import type {ScanFiles} from './files.ts'

/** The mail in hand. */
export interface ScanSubject {
  readonly octets: Octets
  readonly parts: readonly Part[]
  /** the parts as files, written when the first scanner asks; rejects with AM_STORAGE when they cannot be */
  readonly files: () => Promise<ScanFiles>
  readonly settings: Settings
  readonly log: Log
}

export interface Ask {
  /** Never rejects, and ends within the time. */
  scan(subject: ScanSubject, timeoutMs: number): Promise<ScannerAnswer>
  close(): void
}

export interface VirusScanner extends Ask {
  readonly name: string
  /** for the start-up log */
  readonly description: string
}
