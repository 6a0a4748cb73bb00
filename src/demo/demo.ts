/**
 * demo — the whole program on loopback: mail flows, and one watches it.
 *
 * On a terminal the nanny screen is shown while mails go through at a pace that eyes can follow, until the
 * viewer quits. Without one, a fixed number of mails is sent, snapshots and counters are printed, and every
 * mail's end is checked.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {sendMail} from './feed.ts'
import {type DemoHome, startDemoHome} from './home.ts'
import {type DemoMail, demoMail, EXPECTATIONS, type Kind} from './mails.ts'
import {type Sink, startSink} from './sink.ts'

export interface Sent {
  readonly mail: DemoMail
  /** the final reply, or why there was none */
  readonly reply: string
}

/** Seconds between snapshots where there is no terminal. */
const SNAPSHOT_MS = 1000

/** How long the counters of the last mail may be on their way. */
const COUNTERS_LIMIT_MS = 3000

/** Slow next hops and slow clients are what keeps a filter's children busy; ten patterns in turn. */
const PACE_MS = [0, 900, 300, 1500, 0, 2500, 600, 0, 1200, 400]

/** Show the nanny screen over live mail until the viewer quits. */
export async function showDemo(port: number | undefined): Promise<void> {
  const sink = await startSink(n => PACE_MS[(n * 7) % PACE_MS.length]!)
  const stop = new AbortController()
  try {
    const home = await startDemoHome(sink.port, port)
    const feeding = Promise.all(Array.from({length: 3}, (_, lane) => feedUntil(stop.signal, home.port, lane)))
    try {
      const {showNanny} = await import('../tui/nanny/show.tsx')
      await showNanny({
        endpoints: [home.endpoints.outer],
        title: `demo: send mail to 127.0.0.1:${home.port}`,
        readOnly: true,
      })
    } finally {
      stop.abort()
      await feeding
      await home.close()
    }
  } finally {
    await sink.close()
  }
}

async function feedUntil(signal: AbortSignal, port: number, lane: number): Promise<void> {
  for (let n = lane; !signal.aborted; n += 3) {
    const paceMs = PACE_MS[n % PACE_MS.length]!
    await sendMail(port, demoMail(n), paceMs).catch(() => 'the daemon may be ending')
    await sleep(200 + paceMs / 4, undefined, {signal}).catch(() => {})
  }
}

/**
 * Send `count` mails, print what monitors would show, check every mail's end.
 * @param signal ends it early; everything is cleaned up all the same
 * @returns what was not as it should be; empty when all is well
 */
export async function runDemo(
  count: number,
  port: number | undefined,
  print: (text: string) => void,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const sink = await startSink(n => (n % 5 === 0 ? 250 : 0))
  try {
    const home = await startDemoHome(sink.port, port)
    try {
      signal?.throwIfAborted()
      print(`amavis demo: ${count} mails to 127.0.0.1 port ${home.port}, everything in ${home.folder}\n`)
      const sent = await watched(home, print, () => unlessAborted(sendAll(home.port, count), signal))
      await printCounters(home, count, print)
      const problems = check(sent, sink, home.quarantined())
      printDispositions(sent, print)
      if (problems.length > 0) print(`last lines of the log:\n${home.logTail(20)}\n`)
      return problems
    } finally {
      await home.close()
    }
  } finally {
    await sink.close()
  }
}

/** The work's result, or a rejection with the signal's reason as soon as that comes. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true})
  })
  return Promise.race([work, aborted])
}

/** Four clients at once, until all mails are sent. */
async function sendAll(port: number, count: number): Promise<readonly Sent[]> {
  const sent: Sent[] = []
  let next = 0
  const client = async () => {
    while (next < count) {
      const n = next++
      const mail = demoMail(n)
      const reply = await sendMail(port, mail, n % 10 === 3 ? 500 : 0).catch((error: Error) => error.message)
      sent.push({mail, reply})
    }
  }
  await Promise.all([client(), client(), client(), client()])
  return sent
}

/** Do the work and print a nanny snapshot about once a second meanwhile, and one at the end. */
async function watched<T>(home: DemoHome, print: (text: string) => void, work: () => Promise<T>): Promise<T> {
  const {watchNanny} = await import('../tui/nanny/watch.ts')
  const stop = new AbortController()
  const nanny = watchNanny([home.endpoints.outer], stop.signal)
  const ticking = (async () => {
    while (!stop.signal.aborted) {
      await sleep(SNAPSHOT_MS, undefined, {signal: stop.signal}).catch(() => {})
      print(`${nanny.text()}\n`)
    }
  })()
  try {
    await nanny.ready
    return await work()
  } finally {
    stop.abort()
    await ticking
  }
}

/** The counters, once those of the last mail have come through the bus. */
async function printCounters(home: DemoHome, count: number, print: (text: string) => void): Promise<void> {
  const {ask} = await import('../bus/subscriber.ts')
  const {agentText} = await import('../tui/agent/text.ts')
  const asked = Date.now()
  for (;;) {
    const frames = await ask(home.endpoints.snmp, 'am.snmp?', {timeoutMs: 3000})
    const counted = frames.some(
      frame => frame.kind === 'snmp' && frame.name === 'InMsgs' && Number(frame.value) >= count,
    )
    if (counted || Date.now() - asked > COUNTERS_LIMIT_MS) return print(`${agentText(frames, Date.now())}\n`)
    await sleep(50)
  }
}

function printDispositions(sent: readonly Sent[], print: (text: string) => void): void {
  const byKind = Map.groupBy(sent, ({mail}) => mail.kind)
  for (const [kind, mails] of byKind) {
    const {delivered, quarantine, dsn} = EXPECTATIONS[kind]
    const ends = [
      delivered ? 'delivered' : 'not delivered',
      quarantine && 'quarantined',
      dsn && 'sender notified',
    ]
    print(
      `${kind.padEnd(10)} ${String(mails.length).padStart(4)}  ${ends.filter(Boolean).join(', ')}; reply ${mails[0]!.reply}\n`,
    )
  }
}

/** Compare every mail's end with what the demo's policy asks for. */
export function check(
  sent: readonly Sent[],
  sink: Pick<Sink, 'mails'>,
  quarantined: readonly string[],
): string[] {
  const problems: string[] = []
  const arrived = new Map(sink.mails.map(mail => [messageId(mail.octets), mail]))
  for (const {mail, reply} of sent) {
    const due = EXPECTATIONS[mail.kind]
    if (!reply.startsWith(String(due.reply)))
      problems.push(`${mail.kind} mail ${mail.messageId} was answered ${reply}`)
    const there = arrived.get(mail.messageId)
    if (due.delivered && !there) problems.push(`${mail.kind} mail ${mail.messageId} did not arrive`)
    if (!due.delivered && there) problems.push(`${mail.kind} mail ${mail.messageId} was delivered`)
    if (there && !there.octets.subarray(-mail.octets.length).equals(mail.octets)) {
      problems.push(`${mail.kind} mail ${mail.messageId} was changed on its way`)
    }
  }
  const ofKind = (kind: Kind) => sent.filter(({mail}) => mail.kind === kind).length
  for (const [kind, {quarantine, dsn}] of Object.entries(EXPECTATIONS) as [
    Kind,
    (typeof EXPECTATIONS)[Kind],
  ][]) {
    const stored = quarantine ? quarantined.filter(name => name.startsWith(quarantine)).length : 0
    if (quarantine && stored !== ofKind(kind))
      problems.push(`${ofKind(kind)} ${kind} mails, ${stored} in quarantine`)
    const notices = sink.mails.filter(mail => mail.sender === '').length
    if (dsn && notices !== ofKind(kind))
      problems.push(`${ofKind(kind)} ${kind} mails, ${notices} notifications`)
  }
  return problems
}

/** The original's Message-ID; a notification carries it in its attached header section only. */
function messageId(octets: Buffer): string {
  const text = octets.toString('latin1')
  const header = text.slice(0, text.indexOf('\r\n\r\n'))
  return /^Message-ID: (.*)$/im.exec(header)?.[1]?.trim() ?? ''
}
