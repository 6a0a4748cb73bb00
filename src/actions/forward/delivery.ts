/**
 * delivery — what is asked of the sending side, and what it answers. Types.
 *
 * One delivery is one sender, one content and a number of recipients; it may take several transactions
 * at the next hop (spec/daemon, Forwarding client).
 */

import type {Count} from '../../bus/publisher.ts'
import type {Settings} from '../../config/settings.ts'
import type {SmtpReply} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import type {Timing} from '../../log/timing.ts'
import type {Envelope, Recipient, XforwardName} from '../../message/envelope.ts'
import type {Octets} from '../../message/octets.ts'

/** Who answered. */
export interface Remote {
  readonly name: string
  /** `[192.0.2.1]:25`, or the path of a socket */
  readonly place: string
  readonly text: string
}

/** Where a message comes from: passed on, or made by ourselves; as the counters' names end. */
export type Purpose = 'Relay' | 'SubmitQuar' | 'SubmitDsn' | 'SubmitNotif'

export interface Delivery {
  /** `smtp:[127.0.0.1]:10025`, `pipe:…`; a list holds next hops of which one is used */
  readonly method: string | readonly string[]
  readonly purpose: Purpose
  readonly sender: string
  /** of the mail, for how the next hop is to be spoken to and where files go */
  readonly settings: Settings
  /** at least one; orcpt and notify as they are to be passed on */
  readonly recipients: readonly Recipient[]
  readonly body: Envelope['body']
  readonly smtputf8: boolean
  readonly ret: Envelope['ret']
  readonly envid: Envelope['envid']
  /** $propagate_dsn_if_possible */
  readonly propagateDsn: boolean
  readonly xforward: ReadonlyMap<XforwardName, string>
  /** what a `*` in the method stands for: the address of our client, and the port it came to */
  readonly client: {readonly address: string | undefined; readonly receivingPort: number | undefined}
  /** edited header or inserted fields, CRLF line ends, ends with a line end (or is empty) */
  readonly head: Buffer
  /** what follows the head, from the offset `from` on */
  readonly octets: Octets
  readonly from: number
  /** ms that the delivery may take in all, from the call */
  readonly deadlineMs: number
  /** send no content when the next hop answers a recipient with 4xx (spec/daemon, Recipient clusters) */
  readonly abortOnTempfail: boolean
  /** for texts of ours: am_id */
  readonly taskId: string
  /** for the log line: `<mail_id>` or `<mail_id>(<parent>)` */
  readonly mailId: string
  readonly log: Log
  readonly count: Count
}

/** What became of one recipient. */
export interface RecipientResult {
  /** `250 2.0.0 from MTA(smtp:[h]:p): 250 2.0.0 Ok: queued as X` */
  readonly reply: SmtpReply
  /** the next hop's own words, where it said something */
  readonly remote: Remote | undefined
  readonly queuedAs: string | undefined
  /** the next hop has taken over the duty to send notifications (RFC 3461 §5.2.1) */
  readonly dsnPassedOn: boolean
}

export interface Forwarder {
  /**
   * Send one mail. Never rejects; 2xx only for recipients that the next hop has accepted after the dot.
   * @returns one result for each recipient, in their order
   */
  deliver(delivery: Delivery, timing: Timing): Promise<readonly RecipientResult[]>
  /** End kept connections with QUIT. */
  close(): Promise<void>
}
