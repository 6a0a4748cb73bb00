/**
 * resend — the fields that a released mail gets on top, while it stays as it is (RFC 5322 §3.6.6).
 */
import {rfc5322Date} from '../date.ts'
import {foldItems, foldMailbox} from '../edits/fold.ts'
import {receivedField} from '../edits/received.ts'

export interface Resending {
  /** mail_id of the mail in quarantine */
  readonly mailId: string
  /** mail_id of this sending */
  readonly newId: string
  /** our own mailbox, `"Content-filter at host" <postmaster@host>` */
  readonly from: string
  /** who asked for it; undefined: nobody in particular */
  readonly requestedBy: string | undefined
  readonly recipients: readonly string[]
  /** `$myhostname`, `$localhost_name`, `$myproduct_name` */
  readonly hostname: string
  readonly localName: string
  readonly product: string
  /** ms since the epoch */
  readonly at: number
}

/** Recipients of one mail need not know of each other, so only a single one is named. */
export function resentHead(resending: Resending): string {
  const {from, requestedBy, recipients, mailId, newId, hostname, at} = resending
  const only = recipients.length === 1 ? recipients[0] : undefined
  return [
    requestedBy === undefined
      ? foldMailbox('Resent-From', from)
      : foldItems('Resent-From', [`<${requestedBy}>`]),
    requestedBy === undefined ? '' : foldMailbox('Resent-Sender', from),
    foldItems('Resent-To', [only === undefined ? 'undisclosed-recipients:;' : `<${only}>`]),
    foldItems('Resent-Date', [rfc5322Date(at)]),
    foldItems('Resent-Message-ID', [`<${mailId}-${newId}@${hostname}>`]),
    receivedField({
      client: {socketAddress: undefined, socketPort: undefined, helo: undefined, forwarded: new Map()},
      listener: {address: undefined, port: undefined, path: undefined},
      protocol: '',
      localName: resending.localName,
      hostname,
      product: resending.product,
      mailId: newId,
      onlyRecipient: only,
      at,
    }),
  ].join('')
}
