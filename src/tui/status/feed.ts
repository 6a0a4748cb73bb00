/**
 * feed — carries what buses say, responders answer and the master tells into the watch.
 */
import {subscribe} from '../../bus/subscriber.ts'
import {askCounters} from '../agent/answer.ts'
import {pause} from '../pause.ts'
import type {MasterFacts, Place} from './facts.ts'
import {STATUS_PREFIXES, type StatusWatch} from './watch.ts'

/** Responders and the master are asked so often. */
const ASK_MS = 2000

/** Asks the master of a bus; undefined where it is another machine's, or cannot be asked. */
export type AskMaster = (endpoint: string) => Promise<MasterFacts | undefined>

/**
 * Fill the watch until the signal is aborted.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function feedStatus(
  watch: StatusWatch,
  places: readonly Place[],
  askMaster: AskMaster,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const asking = (async () => {
    do await askAll(watch, places, askMaster)
    while (await pause(ASK_MS, ended))
  })()
  const listening = (async () => {
    const onDrop = (endpoint: string) => watch.lost(endpoint, 1)
    const endpoints = places.map(({endpoint}) => endpoint)
    for await (const {endpoint, frames} of subscribe(endpoints, STATUS_PREFIXES, {signal: ended, onDrop})) {
      watch.put(endpoint, frames)
    }
  })()
  try {
    await Promise.all([asking, listening])
  } finally {
    stop.abort()
    await Promise.allSettled([asking, listening])
  }
}

/** Each host is asked beside the others: one that is silent holds up none of them. */
export async function askAll(
  watch: StatusWatch,
  places: readonly Place[],
  askMaster: AskMaster,
): Promise<void> {
  await Promise.all(
    places.flatMap(({endpoint, responder}) => [
      askCounters(responder).then(variables => watch.answered(responder, variables)),
      askMaster(endpoint).then(master => watch.told(endpoint, master)),
    ]),
  )
}
