/**
 * service — flight-recorder: keeps what the bus says, so that last night can be looked at in the morning.
 *
 * It binds nothing and nobody waits for it. A disk that is full or a folder that is gone is logged once and
 * tried again every second.
 */
import {AmavisError} from '../../errors.ts'
import type {ServiceOptions} from '../services.ts'
import {runRecorder} from './recorder.ts'

export async function runRecorderService({
  endpoints,
  recording,
  log,
  signal,
  ready,
}: ServiceOptions): Promise<void> {
  if (recording === undefined)
    throw new AmavisError('AM_DAEMON', 'nothing is to be recorded: see $bus_recording')
  ready?.()
  await runRecorder({
    ...recording,
    bus: endpoints.outer,
    responder: endpoints.snmp,
    log,
    signal,
    patient: true,
  })
}
