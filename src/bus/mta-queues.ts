/**
 * mta-queues — how many messages stand in Postfix's queues, and for how long.
 *
 * Counts as the SNMP subagent of the original does (spec/monitoring §6): all entries of a queue's folder, those
 * of its one-letter folders included, for five seconds a queue at most; where ages are wanted, for five more
 * without them. The age is that of the arrival, which the queue file has in a record of type T; the file's own
 * time is that of the next attempt.
 */
import {type FileHandle, open, opendir} from 'node:fs/promises'
import path from 'node:path'
import {QUEUE_AGES_MIN, QUEUES} from './counters/queues.ts'
import {formatFrame} from './grammar.ts'

export interface MtaQueue {
  readonly name: (typeof QUEUES)[number]
  readonly entries: number
  /** seconds; 0 for an empty queue */
  readonly oldestSec: number
  /** entries up to each of `QUEUE_AGES_MIN` old and older than the one before, and last all older ones */
  readonly byAge: readonly number[]
}

const LIMIT_MS = 5000
/** Records before the one with the time are few and short. */
const HEAD_BYTES = 512

/** The queues in that folder; undefined where they cannot be read: no Postfix, or not ours to look at. */
export async function readMtaQueues(folder: string, nowMs: number): Promise<readonly MtaQueue[] | undefined> {
  try {
    const queues: MtaQueue[] = []
    for (const name of QUEUES) {
      const until = performance.now() + LIMIT_MS
      const byAge = new Array<number>(QUEUE_AGES_MIN.length + 1).fill(0)
      let entries = 0
      let oldestSec = 0
      for await (const file of filesIn(path.join(folder, name))) {
        entries++
        const nowAt = performance.now()
        if (nowAt > until + LIMIT_MS) break
        if (nowAt > until) continue // the ages of those so far have to do
        const arrived = await arrivalSec(file)
        if (arrived !== undefined) {
          const ageSec = Math.max(0, Math.round(nowMs / 1000 - arrived))
          oldestSec = Math.max(oldestSec, ageSec)
          const slot = QUEUE_AGES_MIN.findIndex(minutes => ageSec <= minutes * 60)
          byAge[slot < 0 ? QUEUE_AGES_MIN.length : slot]!++
        }
      }
      queues.push({name, entries, oldestSec, byAge})
    }
    return queues
  } catch {
    return undefined
  }
}

/** The entries of a queue alone; `isWhole`: the time was enough. */
export interface MtaQueueCount extends Pick<MtaQueue, 'name' | 'entries'> {
  readonly isWhole: boolean
}

/** As `readMtaQueues` without the ages: no file is opened, so there is time for a hundred times as many. */
export async function countMtaQueues(folder: string): Promise<readonly MtaQueueCount[] | undefined> {
  try {
    const queues: MtaQueueCount[] = []
    for (const name of QUEUES) {
      const until = performance.now() + LIMIT_MS
      let entries = 0
      let isWhole = true
      for await (const _ of filesIn(path.join(folder, name))) {
        entries++
        isWhole = performance.now() <= until
        if (!isWhole) break
      }
      queues.push({name, entries, isWhole})
    }
    return queues
  } catch {
    return undefined
  }
}

/** The counter of a queue's entries. */
export function entriesName(queue: MtaQueue['name']): string {
  return `MtaQueueEntries${queue[0]!.toUpperCase()}${queue.slice(1)}`
}

/** One message for the bus. */
export function queueFrames(queues: readonly MtaQueue[]): readonly string[] {
  const gauge = (name: string, value: number) =>
    formatFrame({kind: 'snmp', name: `MtaQueue${name}`, type: 'G32', value: String(value)})
  return queues.flatMap(({name, entries, oldestSec, byAge}) => {
    const word = name[0]!.toUpperCase() + name.slice(1)
    const frames = [gauge(`Entries${word}`, entries), gauge(`Oldest${word}`, oldestSec)]
    if (name !== 'deferred') return frames
    const last = QUEUE_AGES_MIN.length - 1
    return frames.concat(
      byAge.map((n, slot) =>
        gauge(slot > last ? `DeferredOver${QUEUE_AGES_MIN[last]}` : `DeferredUpTo${QUEUE_AGES_MIN[slot]}`, n),
      ),
    )
  })
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const entry of await opendir(folder)) {
    const file = path.join(folder, entry.name)
    if (entry.name.length === 1 && entry.isDirectory()) yield* filesIn(file)
    else yield file
  }
}

/** Unix time; undefined for a file that is gone by now, or none of Postfix's. */
async function arrivalSec(file: string): Promise<number | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file)
    const head = Buffer.alloc(HEAD_BYTES)
    const {bytesRead} = await handle.read(head, 0, HEAD_BYTES, 0)
    return arrivalIn(head.subarray(0, bytesRead))
  } catch {
    return undefined
  } finally {
    await handle?.close()
  }
}

/** Records are a type, a length in groups of seven bits with the lowest first, and the data. */
function arrivalIn(head: Buffer): number | undefined {
  for (let at = 0; at < head.length; ) {
    const type = head[at++]
    let length = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const octet = head[at++] ?? 0
      length |= (octet & 0x7f) << shift
      if (octet < 0x80) break
    }
    if (type === 0x54 /* T */) {
      const seconds = Number.parseInt(head.toString('latin1', at, at + length), 10)
      return Number.isFinite(seconds) ? seconds : undefined
    }
    at += length
  }
  return undefined
}
