/**
 * feed — carries what buses say, responders answer and the master tells into the watch.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {ask, subscribe} from '../../bus/subscriber.ts'
import {askCounters} from '../agent/answer.ts'
import type {Variables} from '../agent/classic.ts'
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
  clock?: ReplayClock,
): Promise<void> {
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const asking = (async () => {
    do await askAll(watch, places, askMaster, clock)
    while (await pause(ASK_MS, ended))
  })()
  const listening = (async () => {
    const onDrop = (endpoint: string) => watch.lost(endpoint, 1)
    const endpoints = places.map(({endpoint}) => endpoint)
    const options = {signal: ended, clock, onDrop}
    for await (const {endpoint, frames, atMs} of subscribe(endpoints, STATUS_PREFIXES, options)) {
      watch.put(endpoint, frames, atMs)
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
  clock?: ReplayClock,
): Promise<void> {
  await Promise.all(places.map(place => askPlace(watch, place, askMaster, clock)))
}

async function askPlace(
  watch: StatusWatch,
  {endpoint, responder}: Place,
  askMaster: AskMaster,
  clock: ReplayClock | undefined,
): Promise<void> {
  const variables = askCounters(responder, clock).then(answer => {
    watch.answered(responder, answer)
    return answer
  })
  const master = askMaster(endpoint).then(answer => {
    watch.told(endpoint, answer)
    return answer
  })
  if (isOurResponder(await variables, await master)) {
    watch.recalled(endpoint, await ask(responder, 'am.incidents?', {clock}).catch(() => []))
  }
}

/**
 * A responder of the original never answers anybody again after a question that it does not know: it is asked for
 * incidents only where something that our own services alone bring about tells that it is one of them.
 */
function isOurResponder(variables: Variables | undefined, master: MasterFacts | undefined): boolean {
  if (variables === undefined) return false
  return master?.services !== undefined || variables.has('MtaQueueEntriesDeferred')
}
