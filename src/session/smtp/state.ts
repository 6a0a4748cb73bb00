/**
 * state — what an SMTP session remembers between commands. Types and their beginnings.
 */
import type {Envelope, Recipient, XforwardName} from '../../message/envelope.ts'
import type {ClientGate} from '../limits/gate.ts'
import type {Answer} from './answer.ts'

/** A transaction between MAIL and the end of data. */
export interface MailInProgress extends Omit<Envelope, 'recipients'> {
  readonly recipients: Recipient[]
  /** RCPTs that were refused for any reason */
  refused: number
  /** RCPTs beyond a limit */
  beyondLimit: number
  /** the largest mail that any of the recipients takes, octets */
  sizeLimit: number
  /** content comes by BDAT */
  chunked: boolean
}

export interface SessionState {
  /** argument of the last HELO, EHLO or LHLO */
  helo: string | undefined
  /** EHLO or LHLO was the last of them */
  extended: boolean
  /** LHLO was: a reply for each recipient */
  lmtp: boolean
  /** the connection is encrypted, so */
  tlsCipher: string | undefined
  /** who has authenticated */
  user: string | undefined
  /** takes the next line in place of a command, within AUTH */
  dialogue: ((line: string) => Answer | Promise<Answer>) | undefined
  /** for the next MAIL, forgotten after its transaction */
  forwarded: Map<XforwardName, string>
  mail: MailInProgress | undefined
  /** refused commands since the last completed mail */
  errors: number
  /** counts what the client does; undefined: nothing is limited */
  readonly gate: ClientGate | undefined
}

export function newState(gate?: ClientGate): SessionState {
  return {
    helo: undefined,
    extended: false,
    lmtp: false,
    tlsCipher: undefined,
    user: undefined,
    dialogue: undefined,
    forwarded: new Map(),
    mail: undefined,
    errors: 0,
    gate,
  }
}

/** Forget the transaction and what came with it. */
export function resetTransaction(state: SessionState): void {
  state.mail = undefined
  if (state.forwarded.size > 0) state.forwarded = new Map()
}

/** As if the client had just connected, but encrypted from now on (RFC 3207 §4.2). */
export function resetForTls(state: SessionState, cipher: string): void {
  resetTransaction(state)
  state.helo = undefined
  state.extended = false
  state.lmtp = false
  state.user = undefined
  state.tlsCipher = cipher
}

/** The protocol as Received names it (RFC 3848, 6531; spec/daemon, Session). */
export function protocolName({extended, lmtp, tlsCipher, user}: SessionState, smtputf8: boolean): string {
  const base = lmtp
    ? smtputf8
      ? 'UTF8LMTP'
      : 'LMTP'
    : smtputf8 && extended
      ? 'UTF8SMTP'
      : extended
        ? 'ESMTP'
        : 'SMTP'
  if (tlsCipher === undefined && user === undefined) return base
  return base + (tlsCipher === undefined ? '' : 'S') + (user === undefined ? '' : 'A')
}
