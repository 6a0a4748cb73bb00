/**
 * envelope — who sends to whom, and what came with the SMTP commands.
 *
 * Addresses are without angle brackets; the null sender is ''. They are latin1 or UTF-8 text exactly as
 * the client wrote them, canonicalised only in needless quotes (spec: SMTP server, replies).
 */

/** DSN parameters of one recipient (RFC 3461 §4.1, 4.2), as given. */
export interface Recipient {
  readonly address: string
  /** `rfc822;…`, xtext decoded; undefined when not given */
  readonly orcpt: string | undefined
  readonly notify: readonly ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[] | undefined
}

/** The client as the MTA told us by XFORWARD, or as the socket has it. */
export interface Client {
  /** address of the connecting socket; undefined on a Unix socket */
  readonly socketAddress: string | undefined
  readonly socketPort: number | undefined
  /** argument of EHLO, HELO or LHLO */
  readonly helo: string | undefined
  /** of the encrypted connection, `TLSv1.3:TLS_AES_256_GCM_SHA384` */
  readonly tlsCipher?: string | undefined
  /** who has authenticated */
  readonly user?: string | undefined
  /** XFORWARD attributes of this transaction, names in upper case, values decoded */
  readonly forwarded: ReadonlyMap<XforwardName, string>
}

export type XforwardName = 'NAME' | 'ADDR' | 'PORT' | 'PROTO' | 'HELO' | 'IDENT' | 'SOURCE'

/** The socket of ours that took the connection. */
export interface Listener {
  readonly address: string | undefined
  readonly port: number | undefined
  readonly path: string | undefined
}

export interface Envelope {
  readonly sender: string
  readonly recipients: readonly Recipient[]
  /** SIZE= of MAIL (RFC 1870) */
  readonly declaredSize: number | undefined
  readonly body: '7BIT' | '8BITMIME' | undefined
  readonly smtputf8: boolean
  readonly ret: 'FULL' | 'HDRS' | undefined
  /** ENVID=, xtext decoded */
  readonly envid: string | undefined
}
