/**
 * gate — counts what one client does in one session, and says where that is too much.
 *
 * Each event costs a question to the counting server, and only those that a limit is set for are asked about; the
 * connection itself always is, as it is what the others belong to. Without an answer there is no limit.
 */
import type {Publisher} from '../../bus/publisher.ts'
import type {AnvilClient, AnvilRequest} from './anvil-client.ts'
import {type ClientLimits, LIMIT_SETTINGS, type LimitName} from './limits.ts'

/** What a client is told in place of what it wanted. */
export interface TooMuch {
  /** reply, ready for the wire */
  readonly text: string
  /** for the log */
  readonly note: string
}

/** A session's way to ask; the session says what happens, in order. */
export interface ClientGate {
  /** It has connected. */
  connected(): Promise<TooMuch | undefined>
  /** It says MAIL; undefined: nothing is to be waited for. */
  mail(): Promise<TooMuch | undefined> | undefined
  /** It says RCPT. */
  recipient(): Promise<TooMuch | undefined> | undefined
  /** The session is over. */
  ended(): void
}

export interface GateOptions {
  readonly anvil: Pick<AnvilClient, 'ask'>
  readonly limits: ClientLimits
  /** of the client */
  readonly address: string
  /** of ours */
  readonly port: number
  /** policy banks of the socket, '' for none */
  readonly bankPath: string
  readonly publisher: Pick<Publisher, 'counters'>
}

/** Reply, words of the log, and name of the counter. */
const WORDS: Readonly<Record<LimitName, readonly [reply: string, note: string, counter: string]>> = {
  count: ['421 4.7.0 Too many connections at once from', 'connections at once', 'ClientLimitConnections'],
  rate: ['421 4.7.0 Connections come too fast from', 'connections', 'ClientLimitConnectionRate'],
  message: ['450 4.7.1 Too much mail from', 'MAIL commands', 'ClientLimitMessages'],
  recipient: ['450 4.7.1 Too many recipients from', 'RCPT commands', 'ClientLimitRecipients'],
}
/** An event that the counting server did not answer for. */
const NOT_COUNTED = 'ClientLimitNotCounted'

export function createGate({anvil, limits, address, port, bankPath, publisher}: GateOptions): ClientGate {
  const ident = `${port}:${address}`
  const add = (name: string) => publisher.counters([{name, type: 'C32', value: 1}])
  const ask = async (request: AnvilRequest) => {
    const counted = await anvil.ask(request, ident)
    if (!counted) add(NOT_COUNTED)
    return counted
  }
  const tooMuch = (name: LimitName, value: number): TooMuch | undefined => {
    const limit = limits[name]
    if (limit === 0 || value <= limit) return undefined
    const [reply, what, counter] = WORDS[name]
    add(counter)
    const within = name === 'count' ? '' : ' within the time unit'
    const bank = bankPath === '' ? '' : `, policy bank ${bankPath}`
    return {
      text: `${reply} ${address}\r\n`,
      note: `client limit: [${address}] has ${value} ${what}${within} at port ${port}, ${LIMIT_SETTINGS[name]} is ${limit}${bank}`,
    }
  }
  const event = (name: 'message' | 'recipient') => {
    if (limits[name] === 0) return undefined
    return ask(name).then(counted => counted && tooMuch(name, counted.rate))
  }
  return {
    async connected() {
      const counted = await ask('connect')
      return counted && (tooMuch('count', counted.count) ?? tooMuch('rate', counted.rate))
    },
    mail: () => event('message'),
    recipient: () => event('recipient'),
    ended: () => void anvil.ask('disconnect', ident),
  }
}
