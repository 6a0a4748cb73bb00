/**
 * subagent — serves the counters to a master agent for as long as it is told to.
 *
 * A master agent that is not there, or restarts, is tried again: after 1 s at first, then ever later up to a
 * minute. It is the master that needs us, never mail: whatever fails here is logged and tried again.
 *
 * Diagnostics: level 0 when the objects are registered; -1 for the first of a row of failures, 2 for the others.
 */
import {setTimeout as pause} from 'node:timers/promises'
import {restartDelay} from '../bus/restart-delay.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {runSession} from './agentx-session.ts'
import {Answerer} from './answer.ts'
import {Instances} from './instances.ts'
import type {MasterAddress} from './master-address.ts'
import {OBJECTS, SUBTREES} from './objects.ts'
import {type SourceOptions, valuesFrom} from './sources.ts'

export interface SubagentOptions extends SourceOptions {
  readonly master: MasterAddress
  readonly log: Log
  readonly signal: AbortSignal
}

/** Resolves when the signal was aborted. */
export async function runSubagent(options: SubagentOptions): Promise<void> {
  const {master, log, signal} = options
  const where = 'path' in master ? master.path : `${master.host}:${master.port}`
  const answerer = new Answerer(new Instances(OBJECTS), valuesFrom(options))
  let delayMs = 0
  while (!signal.aborted) {
    const begun = performance.now()
    let isRegistered = false
    try {
      await runSession({
        address: master,
        description: 'amavis',
        subtrees: SUBTREES,
        answerer,
        signal,
        registered() {
          isRegistered = true
          log.write(0, `registered with the SNMP master agent at ${where}`)
        },
      })
    } catch (error) {
      const isFirst = isRegistered || delayMs === 0
      log.write(isFirst ? -1 : 2, `SNMP master agent at ${where}: ${errorText(error)}; trying again`)
    }
    if (signal.aborted) return
    delayMs = restartDelay(isRegistered ? 0 : delayMs, performance.now() - begun)
    await pause(delayMs, undefined, {signal}).catch(() => {})
  }
}
