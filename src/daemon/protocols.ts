/**
 * protocols — which session speaks each value of `$protocol`.
 *
 * A session that most children never hold is loaded when the first connection asks for it.
 */
import type {Converse} from '../session/conversation.ts'
import {serveSmtp} from '../session/smtp/session.ts'

const PROTOCOLS: ReadonlyMap<string, Converse> = new Map<string, Converse>([
  ['SMTP', serveSmtp],
  ['LMTP', serveSmtp],
  ['AM.PDP', async (socket, deps) => (await import('../session/ampdp/session.ts')).serveAmPdp(socket, deps)],
  [
    'MILTER',
    async (socket, deps) => (await import('../session/milter/session.ts')).serveMilter(socket, deps),
  ],
])

/** The session for a protocol in upper case; undefined where there is none. */
export function conversation(protocol: string): Converse | undefined {
  return PROTOCOLS.get(protocol)
}
