/**
 * answer — a responder's counters, asked for again at each display.
 */
import {ask} from '../../bus/subscriber.ts'
import {AmavisError} from '../../errors.ts'
import type {Variables} from './classic.ts'
import {variablesOf} from './text.ts'

const TIMEOUT_MS = 2000

/**
 * The counters; undefined when no answer comes within two seconds.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function askCounters(responder: string): Promise<Variables | undefined> {
  try {
    return variablesOf(await ask(responder, 'am.snmp?', {timeoutMs: TIMEOUT_MS}))
  } catch (error) {
    if (error instanceof AmavisError && error.code === 'AM_TIMEOUT') return undefined
    throw error
  }
}
