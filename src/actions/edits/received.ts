/**
 * received — our own trace field (RFC 5321 §4.4), in amavisd's exact form.
 *
 * Source: spec/daemon §6.3. Folded between its clauses only.
 */
import type {Client, Listener} from '../../message/envelope.ts'
import {rfc5322Date} from '../date.ts'
import {foldItems} from './fold.ts'

export interface Hop {
  readonly client: Client
  readonly listener: Listener
  /** the with clause: SMTP, ESMTP, LMTP … */
  readonly protocol: string
  /** `$localhost_name` */
  readonly localName: string
  /** `$myhostname` */
  readonly hostname: string
  /** `$myproduct_name` */
  readonly product: string
  readonly mailId: string
  /** named only where the mail has no other: addresses of others are nobody's business */
  readonly onlyRecipient: string | undefined
  /** ms since the epoch */
  readonly at: number
}

export function receivedField(hop: Hop): string {
  const {client, listener} = hop
  const items: string[] = []
  const helo = printable(client.helo ?? '')
  if (client.socketAddress === undefined) {
    items.push(`from ${helo || 'unknown'}`, `by ${hop.localName}`, `(${hop.product}, unix socket)`)
  } else {
    items.push(`from ${helo || 'unknown'} (${literal(client.socketAddress)})`)
    const address = listener.address === undefined ? '' : ` ${literal(listener.address)}`
    items.push(`by ${hop.localName} (${hop.hostname}${address})`)
    items.push(`(${hop.product}, port ${listener.port ?? 0})`)
  }
  if (hop.protocol !== '') items.push(`with ${hop.protocol}`)
  items.push(`id ${hop.mailId}`)
  if (hop.onlyRecipient !== undefined) items.push(`for <${hop.onlyRecipient}>;`)
  else items.push(`${items.pop()};`)
  items.push(rfc5322Date(hop.at))
  return foldItems('Received', items)
}

/** `[127.0.0.1]`, `[IPv6:::1]` (RFC 5321 §4.1.3). */
function literal(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}

/** What the client called itself stands in a header of ours: no blanks, no parentheses, no controls. */
function printable(helo: string): string {
  return helo.replace(/[^\x21-\x27\x2a-\x7e]/g, '?').slice(0, 255)
}
