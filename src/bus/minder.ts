/**
 * minder — childproc-minder: hears the states of the daemon's processes, looks after them, reports.
 *
 * The sockets and the clock of minder-table.ts. Source: spec/monitoring §2.4.
 */
import {setTimeout as pause, setInterval as ticks} from 'node:timers/promises'
import {Subscriber, XPublisher} from 'zeromq'
import {clientCurve} from './curve.ts'
import {type Frame, formatFrame, LARGEST_FRAME_BYTES, parseFrame} from './grammar.ts'
import {incidentFrame} from './incident.ts'
import {MinderTable} from './minder-table.ts'
import {queueFrames, readMtaQueues} from './mta-queues.ts'
import {daemonProcesses, type LooksOurs} from './processes.ts'
import {connectSocket, socketOptions} from './service-socket.ts'
import type {ServiceOptions} from './services.ts'

const REPORT_MS = 2000
/** The queues are counted so often, less often where that takes long. */
const QUEUES_MS = 20_000
const QUEUES_SHARE = 8
/** How long the forwarder may take to subscribe before the first word is said all the same. */
const FIRST_WORD_MS = 1000

export async function runMinder(
  {endpoints, limits, mtaQueues, log, signal, ready}: ServiceOptions,
  looksOurs?: LooksOurs,
): Promise<void> {
  const table = new MinderTable(daemonProcesses(looksOurs), limits, log)
  const outer = new Subscriber({
    ...socketOptions(endpoints.outer),
    ...clientCurve(endpoints.outer),
    maxMessageSize: LARGEST_FRAME_BYTES,
  })
  const inner = new XPublisher({
    ...socketOptions(endpoints.inner),
    sendTimeout: 0,
    sendHighWaterMark: 100,
    receiveTimeout: FIRST_WORD_MS,
  })
  const say = async (frames: readonly string[]) => {
    if (!inner.closed) await inner.send([...frames]).catch(() => {}) // lost, as PUB loses
  }
  try {
    connectSocket(outer, endpoints.outer)
    outer.subscribe('am.st ')
    connectSocket(inner, endpoints.inner)
    ready?.()
    const close = () => {
      outer.close()
      inner.close()
    }
    signal.addEventListener('abort', close, {once: true})
    const hearing = hear(outer, table)
    await inner.receive().catch(() => {})
    if (signal.aborted) return
    await say([
      formatFrame({
        kind: 'state',
        pid: process.pid,
        time: {kind: 'abs', ms: Date.now()},
        state: 'FLUSH',
        taskId: undefined,
      }),
    ])
    const work = [hearing, report(table, say, signal)]
    if (mtaQueues !== undefined) work.push(countQueues(mtaQueues, say, signal))
    await Promise.race(work)
  } finally {
    outer.close()
    inner.close()
  }
}

async function hear(socket: Subscriber, table: MinderTable): Promise<void> {
  for await (const message of socket) {
    const now = Date.now()
    for (const frame of lastStates(message)) table.hear(frame, now)
  }
}

/**
 * What counts of the states that a process sent together: from its last absolute time on. At a thousand
 * mails a second the rest, read for nothing, was most of this process's work.
 */
export function lastStates(message: readonly Buffer[]): readonly Frame[] {
  const frames: Frame[] = []
  for (let i = message.length - 1; i >= 0; i--) {
    const frame = parseFrame(message[i]!.toString('latin1'))
    frames.push(frame)
    if (frame.kind === 'state' && frame.time.kind === 'abs') break
  }
  return frames.reverse()
}

async function report(
  table: MinderTable,
  say: (frames: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const _ of ticks(REPORT_MS, undefined, {signal})) {
      const messages = table.check(Date.now())
      for (const incident of table.takeIncidents()) await say([incidentFrame(incident)])
      for (const message of messages) await say(message)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** A machine without Postfix, or queues that are not ours to read: looked for again, silently. */
async function countQueues(
  folder: string,
  say: (frames: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      const begun = performance.now()
      const queues = await readMtaQueues(folder, Date.now())
      if (queues) await say(queueFrames(queues))
      const tookMs = performance.now() - begun
      await pause(Math.max(QUEUES_MS, tookMs * QUEUES_SHARE), undefined, {signal})
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
