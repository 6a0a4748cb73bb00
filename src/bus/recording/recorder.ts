/**
 * recorder — listens to a bus and keeps what it says in a ring.
 */
import {AmavisError, errorText} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import {parseFrame} from '../grammar.ts'
import {ask, subscribe} from '../subscriber.ts'
import {VariableStore} from '../variable-store.ts'
import type {RecordingPlan} from './plan.ts'
import {Ring} from './ring.ts'

const FLUSH_MS = 1000
/** What the counters at the beginning of a segment are made of. */
const COUNTED = /^am\.(?:snmp|nanny) /

export interface RecorderOptions extends RecordingPlan {
  /** the forwarder's outer socket */
  readonly bus: string
  /** knows the counters from before; without an answer they begin now */
  readonly responder: string
  readonly log: Log
  readonly signal: AbortSignal
  /** go on when nothing can be written at the start either */
  readonly patient?: boolean
}

/**
 * Record until the signal is aborted.
 * @throws AmavisError AM_STORAGE when the folder cannot be written to at the start and the recorder is not
 *   patient; later that is logged once, and tried again
 */
export async function runRecorder(options: RecorderOptions): Promise<void> {
  const {bus, responder, folder, maxBytes, log, signal, patient = false} = options
  const counters = new VariableStore(Date.now())
  const state = () =>
    ['am.snmp FLUSH', ...counters.answer('am.snmp?'), ...counters.answer('am.nanny?')].filter(Boolean)
  const known = await ask(responder, 'am.snmp?').catch(() => [])
  for (const frame of known) counters.hear(frame, Date.now())
  const ring = new Ring({folder, maxBytes, state})
  let failing = false
  const flush = async () => {
    try {
      await ring.flush(Date.now())
      if (failing) log.write(0, `recording to ${folder} again, ${ring.dropped} messages were not written`)
      failing = false
    } catch (error) {
      if (!failing) log.write(-1, `cannot record to ${folder}: ${errorText(error)}`)
      failing = true
    }
  }
  ring.put({timeMs: Date.now(), frames: state(), state: true})
  if (patient) await flush()
  else {
    await ring.flush(Date.now()).catch(error => {
      throw new AmavisError('AM_STORAGE', `cannot record to ${folder}: ${errorText(error)}`, {cause: error})
    })
  }
  const timer = setInterval(() => void flush(), FLUSH_MS)
  try {
    for await (const {frames} of subscribe([bus], ['am.'], {signal})) {
      const nowMs = Date.now()
      if (COUNTED.test(frames[0] ?? '')) for (const frame of frames) counters.hear(parseFrame(frame), nowMs)
      ring.put({timeMs: nowMs, frames})
    }
  } finally {
    clearInterval(timer)
    await ring
      .close(Date.now())
      .catch(error => log.write(-1, `cannot record to ${folder}: ${errorText(error)}`))
  }
}
