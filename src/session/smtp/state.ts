/**
 * state — what an SMTP session remembers between commands. Types and their beginnings.
 */
import type {Envelope, Recipient, XforwardName} from '../../message/envelope.ts'

/** A transaction between MAIL and the end of data. */
export interface MailInProgress extends Omit<Envelope, 'recipients'> {
  readonly recipients: Recipient[]
  /** RCPTs that were refused for any reason */
  refused: number
  /** RCPTs beyond the limit */
  beyondLimit: number
}

export interface SessionState {
  /** argument of the last HELO or EHLO */
  helo: string | undefined
  /** EHLO was the last of them */
  extended: boolean
  /** for the next MAIL, forgotten after its transaction */
  forwarded: Map<XforwardName, string>
  mail: MailInProgress | undefined
  /** refused commands since the last completed mail */
  errors: number
}

export function newState(): SessionState {
  return {helo: undefined, extended: false, forwarded: new Map(), mail: undefined, errors: 0}
}

/** Forget the transaction and what came with it. */
export function resetTransaction(state: SessionState): void {
  state.mail = undefined
  if (state.forwarded.size > 0) state.forwarded = new Map()
}
