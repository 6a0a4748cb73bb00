/**
 * pause — the time between two displays.
 */
import {setTimeout as delay} from 'node:timers/promises'

/** False when the signal ended it. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, {signal}).catch(() => false)
}
