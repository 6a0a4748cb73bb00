/**
 * start-frames — what the master says once at a cold start: forget everything, and who we are.
 *
 * Not said at a warm restart, so that counters and known children live on. Source: spec/monitoring §1.3.
 */
import {setTimeout as elapsed} from 'node:timers/promises'
import {type Log, silentLog} from '../log/log.ts'
import {isIpv6} from './endpoint.ts'
import {formatFrame} from './grammar.ts'

/** The variables of the SNMP system group (RFC 3418). */
export interface SystemVariables {
  readonly sysDescr: string
  readonly sysObjectID: string
  readonly sysContact: string
  readonly sysName: string
  readonly sysLocation: string
}

/** The three messages of a cold start, in order; the time is Unix time in ms. */
export function startFrames(
  system: SystemVariables,
  pid: number,
  nowMs: number,
): readonly (readonly string[])[] {
  const variable = (name: string, type: string, value: string) =>
    formatFrame({kind: 'snmp', name, type, value})
  return [
    [formatFrame({kind: 'snmp-flush'})],
    [
      variable('sysDescr', 'STR', system.sysDescr),
      variable('sysObjectID', 'OID', system.sysObjectID),
      variable('sysUpTime', 'INT', String(Math.floor(nowMs / 1000))),
      variable('sysContact', 'STR', system.sysContact),
      variable('sysName', 'STR', system.sysName),
      variable('sysLocation', 'STR', system.sysLocation),
      variable('sysServices', 'INT', '64'),
    ],
    [formatFrame({kind: 'state', pid, time: {kind: 'abs', ms: nowMs}, state: 'FLUSH', taskId: undefined})],
  ]
}

/**
 * Send messages from a socket of their own and close it, as a process does that says nothing else.
 *
 * Waits for a subscriber at most `waitMs` (nobody there: nothing is sent); never rejects. A master calls
 * this before it makes children.
 * @returns whether a subscriber was there
 */
export async function sendOnce(
  endpoints: readonly string[],
  messages: readonly (readonly string[])[],
  {waitMs = 1000, log = silentLog}: {waitMs?: number; log?: Log} = {},
): Promise<boolean> {
  if (endpoints.length === 0) return false
  try {
    const {XPublisher} = await import('zeromq')
    const socket = new XPublisher({
      linger: 0,
      sendTimeout: 0,
      receiveTimeout: waitMs,
      ipv6: endpoints.some(isIpv6),
    })
    try {
      for (const endpoint of endpoints) socket.connect(endpoint)
      const subscribed = await socket.receive().then(
        () => true,
        () => false,
      )
      if (!subscribed) return false
      for (const message of messages) await socket.send([...message])
      await elapsed(50)
      return true
    } finally {
      socket.close()
    }
  } catch (error) {
    log.write(-1, `ZMQ: cannot announce the start: ${error instanceof Error ? error.message : error}`)
    return false
  }
}
