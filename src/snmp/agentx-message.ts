/**
 * agentx-message — what we send to a master agent, as octets. net-snmp writes them; it is loaded here only.
 *
 * What it writes wrongly (texts that are not ASCII, identifiers out of range) value.ts does not let through.
 */
import snmp from 'net-snmp'
import type {Header} from './agentx-stream.ts'
import type {Answered} from './answer.ts'
import type {Oid} from './oid.ts'

const {AgentXPdu, AgentXPduType} = snmp

/** RFC 2741 §5.4. */
const TYPES = {
  Integer32: 2,
  TimeInterval: 2,
  DisplayString: 4,
  'OBJECT IDENTIFIER': 6,
  Counter32: 65,
  Gauge32: 66,
  TimeTicks: 67,
  Counter64: 70,
  'no such object': 128,
  'no such instance': 129,
  'end of MIB view': 130,
} as const

/** RFC 3416 §3; what a response may say. */
export const RESPONSE_ERRORS = {
  none: 0,
  general: 5,
  commitFailed: 14,
  undoFailed: 15,
  notWritable: 17,
} as const

/** The master's words for what it refused (RFC 2741 §6.2.16). */
export function errorName(error: number): string {
  const names: Readonly<Record<number, string>> = {
    256: 'openFailed',
    257: 'notOpen',
    259: 'invalid registration',
    260: 'unsupportedContext',
    263: 'duplicateRegistration',
    266: 'parseError',
    267: 'requestDenied',
    268: 'processingError',
  }
  return names[error] ?? `error ${error}`
}

export function openMessage(packetId: number, description: string): Buffer {
  return AgentXPdu.createFromVariables({
    pduType: AgentXPduType.Open,
    packetID: packetId,
    descr: description,
  }).toBuffer()
}

/** @param timeoutSec how long the master waits for our answers */
export function registerMessage(packetId: number, sessionId: number, oid: Oid, timeoutSec: number): Buffer {
  return AgentXPdu.createFromVariables({
    pduType: AgentXPduType.Register,
    packetID: packetId,
    sessionID: sessionId,
    oid: oid.join('.'),
    timeout: timeoutSec,
  }).toBuffer()
}

export function pingMessage(packetId: number, sessionId: number): Buffer {
  return AgentXPdu.createFromVariables({
    pduType: AgentXPduType.Ping,
    packetID: packetId,
    sessionID: sessionId,
  }).toBuffer()
}

export function closeMessage(packetId: number, sessionId: number): Buffer {
  return AgentXPdu.createFromVariables({
    pduType: AgentXPduType.Close,
    packetID: packetId,
    sessionID: sessionId,
  }).toBuffer()
}

export function responseMessage(
  to: Header,
  {
    error = RESPONSE_ERRORS.none,
    index = 0,
    answers = [],
  }: {
    readonly error?: number
    readonly index?: number
    readonly answers?: readonly Answered[]
  },
): Buffer {
  return AgentXPdu.createFromVariables({
    pduType: AgentXPduType.Response,
    sessionID: to.sessionId,
    transactionID: to.transactionId,
    packetID: to.packetId,
    error,
    index,
    varbinds: answers.map(answered =>
      answered.kind === 'value'
        ? {oid: answered.oid.join('.'), type: TYPES[answered.value.syntax], value: answered.value.value}
        : {oid: answered.oid.join('.'), type: TYPES[answered.kind], value: null},
    ),
  }).toBuffer()
}
