/**
 * sources — where the values of each part are fetched: counters and processes from snmp-responder, the MTA's
 * queues by counting.
 *
 * Where the queues are not ours to read, what childproc-minder says of them is shown.
 *
 * Diagnostics: level -1 when snmp-responder stops answering, 0 when it does again; -1 for a queue that is too long
 * to be counted.
 */
import type {Frame} from '../bus/grammar.ts'
import {countMtaQueues, entriesName} from '../bus/mta-queues.ts'
import {ask} from '../bus/subscriber.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {Values} from './answer.ts'
import {keptFresh} from './fresh.ts'
import type {Part} from './objects.ts'

const COUNTERS_KEEP_MS = 4000
const QUEUES_KEEP_MS = 18_000
const ASK_MS = 1500

export interface SourceOptions {
  /** snmp-responder's address */
  readonly responder: string
  /** the folder of Postfix's queues; undefined: none */
  readonly mtaQueues: string | undefined
  readonly log: Log
}

export function valuesFrom({responder, mtaQueues, log}: SourceOptions): Values {
  let isSilent = false
  const heard = (problem: string | undefined) => {
    if (problem !== undefined && !isSilent) log.write(-1, `snmp-responder: ${problem}`)
    if (problem === undefined && isSilent) log.write(0, 'snmp-responder answers again')
    isSilent = problem !== undefined
  }
  const counters = (question: string) =>
    keptFresh({
      keepMs: COUNTERS_KEEP_MS,
      async fetch() {
        try {
          const answer = await ask(responder, question, {timeoutMs: ASK_MS})
          heard(undefined)
          // nothing is what there is without a report of childproc-minder
          return answer.length > 0 ? byName(answer) : undefined
        } catch (error) {
          heard(errorText(error))
          return undefined
        }
      },
    })
  const statistics = counters('am.snmp?')
  const parts: Record<Part, () => Promise<ReadonlyMap<string, string> | undefined>> = {
    statistics,
    processes: counters('am.nanny?'),
    queues: keptFresh({
      keepMs: QUEUES_KEEP_MS,
      costly: true,
      fetch: async () => {
        const queues = mtaQueues === undefined ? undefined : await countMtaQueues(mtaQueues)
        if (queues) {
          for (const {name, entries} of queues.filter(({isWhole}) => !isWhole))
            log.write(-1, `${mtaQueues}/${name}: counted ${entries} entries, then the time was over`)
          return new Map(queues.map(({name, entries}) => [entriesName(name), String(entries)]))
        }
        const said = await statistics()
        return said?.has('MtaQueueEntriesActive') ? said : undefined
      },
    }),
  }
  return part => parts[part]()
}

function byName(frames: readonly Frame[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const frame of frames) {
    if (frame.kind === 'snmp' || frame.kind === 'nanny') values.set(frame.name, frame.value)
  }
  return values
}
