/**
 * sections — what is said of each part of a host: one line, and more for who looks closer. Pure.
 */
import {loadBar} from '../children/load-bar.ts'
import {meaningOf} from '../children/states.ts'
import type {HostFacts} from './facts.ts'
import {clockText, durationText, megabytes, msText, rateText, secondsText, timeText} from './units.ts'

export type SectionName =
  | 'daemon'
  | 'reload'
  | 'children'
  | 'waiting'
  | 'mail'
  | 'contents'
  | 'elapsed'
  | 'scanners'
  | 'next hop'
  | 'bus'
  | 'services'
  | 'anvil'
  | 'mta queues'
  | 'evidence'
  | 'incidents'

export interface Drawn {
  readonly text: string
  readonly details: readonly string[]
}

/** Undefined where nobody tells. */
type Draw = (facts: HostFacts) => Drawn | undefined

/** Not mentioned where there is nothing of it. */
export const OPTIONAL: ReadonlySet<SectionName> = new Set<SectionName>(['anvil'])

export const SECTIONS: readonly (readonly [SectionName, Draw])[] = [
  ['daemon', drawDaemon],
  ['reload', drawReload],
  ['children', drawChildren],
  ['waiting', drawWaiting],
  ['mail', drawMail],
  ['contents', drawContents],
  ['elapsed', drawElapsed],
  ['scanners', drawScanners],
  ['next hop', drawNextHop],
  ['bus', drawBus],
  ['services', drawServices],
  ['anvil', drawAnvil],
  ['mta queues', drawQueues],
  ['evidence', drawEvidence],
  ['incidents', drawIncidents],
]

function drawDaemon({
  name,
  version,
  generation,
  startedMs,
  nowMs,
  master,
  counters,
}: HostFacts): Drawn | undefined {
  if (counters === undefined && master === undefined) return undefined
  const parts = [
    name,
    version,
    generation !== undefined && `generation ${generation}`,
    startedMs !== undefined && `up ${durationText(nowMs - startedMs)}`,
  ]
  const details = [
    ...(startedMs === undefined ? [] : [`started   ${timeText(startedMs)}`]),
    ...(master === undefined
      ? ["its control socket was not asked: it is another machine's, or not ours to use"]
      : []),
    ...(master === undefined ? [] : [`PID       ${master.pid}`]),
  ]
  return {text: parts.filter(Boolean).join(', '), details}
}

function drawReload({master, nowMs}: HostFacts): Drawn | undefined {
  if (master === undefined) return undefined
  const {reload} = master
  if (reload === undefined) return {text: 'none since the start', details: []}
  const when = `${timeText(reload.atMs)}, ${durationText(nowMs - reload.atMs)} ago`
  if (reload.ok) return {text: `done at ${when}`, details: []}
  return {text: `REFUSED at ${when}: ${reload.problems[0] ?? ''}`, details: reload.problems}
}

function drawChildren({children}: HostFacts): Drawn {
  const {busy, idle, peak, maximum, states, oldest} = children
  const bar = busy + idle <= 40 ? `  ${loadBar(busy, idle, peak)}` : ''
  const age = oldest === undefined ? 'no task goes on' : `oldest task ${secondsText(oldest.ms)}`
  const details = [
    ...[...states].map(([letter, n]) => `${String(n).padStart(5)} ${meaningOf(letter).word}`),
    ...(oldest === undefined
      ? []
      : [`oldest task: ${oldest.taskId ?? '-'} of PID ${oldest.pid}, ${secondsText(oldest.ms)}`]),
  ]
  return {
    text: `${busy} busy, ${idle} idle${maximum === undefined ? '' : `, maximum ${maximum}`}; ${age}${bar}`,
    details: details.length > 0 ? details : ['all are idle'],
  }
}

function drawWaiting({master}: HostFacts): Drawn | undefined {
  if (master === undefined) return undefined
  const {length, limit, longestMs} = master.waiting
  const longest = length > 0 ? `, the first for ${secondsText(longestMs)}` : ''
  return {text: `${length} connections for a free child, at most ${limit}${longest}`, details: []}
}

/** A responder begins within so long after its daemon. */
const SAME_START_MS = 60_000

function sinceText({startedMs, countedSinceMs}: HostFacts): string {
  const isWhole =
    startedMs === undefined || countedSinceMs === undefined || countedSinceMs - startedMs < SAME_START_MS
  return isWhole ? 'since the start' : `since ${timeText(countedSinceMs)}, when the responder began`
}

function drawMail(facts: HostFacts): Drawn {
  const {mails, counters, countedSinceMs, nowMs} = facts
  const {perMinute, watchedMs, perMinuteOfTen} = mails
  const of = (name: string) => counters?.get(name) ?? 0
  const ten = perMinuteOfTen === undefined ? '' : `, ${rateText(perMinuteOfTen)} over ten minutes`
  const minutes = countedSinceMs === undefined ? 0 : (nowMs - countedSinceMs) / 60_000
  const mean = minutes > 0 ? `, ${rateText(of('InMsgs') / minutes)} a minute` : ''
  const since = counters === undefined ? '' : `; ${of('InMsgs')} ${sinceText(facts)}${mean}`
  const details = [
    `watched for ${durationText(watchedMs)}`,
    ...(counters === undefined
      ? []
      : [
          `received     ${of('InMsgs')} messages, ${of('InMsgsRecips')} recipients, ${megabytes(of('InMsgsSize'))}`,
          `sent         ${of('OutMsgs')} messages, ${megabytes(of('OutMsgsSize'))}`,
          `quarantined  ${of('QuarMsgs')} messages, ${megabytes(of('QuarMsgsSize'))}`,
          `log          ${of('LogEntriesErr')} errors, ${of('LogEntriesWarning')} warnings or worse`,
        ]),
  ]
  return {text: `${rateText(perMinute)} a minute now${ten}${since}`, details}
}

/** Counters shown, in this order. */
const CONTENT = [
  ['ContentCleanMsgs', 'clean'],
  ['ContentSpamMsgs', 'spam'],
  ['ContentSpammyMsgs', 'spammy'],
  ['ContentVirusMsgs', 'virus'],
  ['ContentBannedMsgs', 'banned'],
  ['ContentBadHdrMsgs', 'bad header'],
  ['ContentUncheckedMsgs', 'unchecked'],
  ['ContentOversizedMsgs', 'oversized'],
  ['ContentMtaFailedMsgs', 'MTA failed'],
] as const

function drawContents({counters}: HostFacts): Drawn | undefined {
  if (counters === undefined) return undefined
  const of = (name: string) => counters.get(name) ?? 0
  const total = of('InMsgs')
  const shown = CONTENT.filter(([name]) => of(name) > 0)
  const viruses = [...counters]
    .filter(([name]) => name.startsWith('virus.byname.'))
    .toSorted((a, b) => b[1] - a[1])
  return {
    text: shown.map(([name, word]) => `${of(name)} ${word}`).join(', ') || 'no mail yet',
    details: [
      ...shown.map(([name, word]) => {
        const share = total > 0 ? `${((100 * of(name)) / total).toFixed(1).padStart(6)} %` : ''
        return `${word.padEnd(12)}${String(of(name)).padStart(9)}${share}`
      }),
      ...(viruses.length > 0 ? ['', 'viruses'] : []),
      ...viruses
        .slice(0, 50)
        .map(([name, n]) => `${String(n).padStart(7)} ${name.slice('virus.byname.'.length)}`),
    ],
  }
}

/** Sections of TIMING that fit in a line. */
const SECTIONS_IN_LINE = 4

function drawElapsed({tasks, sections, counters}: HostFacts): Drawn | undefined {
  const messages = counters?.get('InMsgs') ?? 0
  const mean = (counters?.get('TimeElapsedTotal') ?? 0) / messages
  if (!tasks) {
    if (!(messages > 0)) return undefined
    return {text: `${mean.toFixed(0)} ms a mail since the start`, details: []}
  }
  const pair = ({p50Ms, p95Ms}: {p50Ms: number; p95Ms: number}) => `${msText(p50Ms)}/${msText(p95Ms)}`
  const named = sections.filter(({kind}) => kind === 'task').slice(0, SECTIONS_IN_LINE)
  const parts = named.map(section => `${section.name} ${pair(section)}`)
  return {
    text: [`p50/p95 ${pair(tasks)} ms`, ...parts].join(', '),
    details: [
      `${'SECTION'.padEnd(26)}${'COUNT'.padStart(7)}${'P50 ms'.padStart(9)}${'P95 ms'.padStart(9)}${'SHARE'.padStart(8)}`,
      `${'all of a task'.padEnd(26)}${String(tasks.count).padStart(7)}${msText(tasks.p50Ms).padStart(9)}${msText(tasks.p95Ms).padStart(9)}`,
      ...sections.map(section => {
        const name = (section.kind === 'sa' ? `SA: ${section.name}` : section.name).slice(0, 25).padEnd(26)
        const share = `${(100 * section.share).toFixed(1)} %`
        return `${name}${String(section.count).padStart(7)}${msText(section.p50Ms).padStart(9)}${msText(section.p95Ms).padStart(9)}${share.padStart(8)}`
      }),
    ],
  }
}

function drawScanners({scanners, nowMs}: HostFacts): Drawn | undefined {
  if (scanners.length === 0) return undefined
  const words = {ok: 'answers', failing: 'FAILS', open: 'NOT ASKED'} as const
  return {
    text: scanners.map(({name, state}) => `${name} ${words[state]}`).join(', '),
    details: scanners.flatMap(({name, state, sinceMs, text}) => {
      const line = `${name.padEnd(20)} ${words[state]} for ${durationText(nowMs - sinceMs)}`
      return text === '' ? [line] : [line, `  ${text}`]
    }),
  }
}

function drawNextHop({counters, nextHop, nowMs, troubles}: HostFacts): Drawn | undefined {
  if (counters === undefined) return undefined
  const {sentMs, lastFailure, recentFailures} = nextHop
  const failedLast = lastFailure !== undefined && lastFailure.atMs > (sentMs ?? 0)
  const ago = (ms: number) => `${durationText(nowMs - ms)} ago`
  const result = failedLast
    ? `last attempt FAILED ${ago(lastFailure.atMs)}`
    : sentMs === undefined
      ? 'nothing sent while watched'
      : `took mail ${ago(sentMs)}`
  const sent = counters.get('OutMsgs') ?? 0
  const failures = counters.get('OutMsgsAttemptFails') ?? 0
  const of = troubles.filter(({text}) => text.includes(' from <')).slice(0, 20)
  return {
    text: `${result}; ${sent} sent, ${failures} failed since the start, ${recentFailures} lately`,
    details: of.map(({atMs, text}) => `${clockText(atMs)} ${text}`),
  }
}

function drawBus({bus, nowMs, endpoint}: HostFacts): Drawn {
  const {heardMs, firstHeardMs, lagMs, dropped} = bus
  const age = heardMs === undefined ? 'no data' : `data ${secondsText(nowMs - heardMs)} old`
  const lag = lagMs === undefined ? '' : `, lag ${Math.round(lagMs)} ms`
  return {
    text: `${age}${lag}, ${dropped} dropped`,
    details: [
      endpoint,
      ...(firstHeardMs === undefined ? [] : [`heard for ${durationText(nowMs - firstHeardMs)}`]),
    ],
  }
}

function drawServices({services, master, nowMs}: HostFacts): Drawn {
  return {
    text: services.map(({name, alive}) => `${name} ${alive ? 'alive' : 'SILENT'}`).join(', '),
    details: [
      ...services.map(
        ({name, alive, endpoint}) => `${name.padEnd(17)} ${alive ? 'alive ' : 'SILENT'} ${endpoint}`,
      ),
      ...(master?.services ? ['', 'as amavis-mc has them:'] : []),
      ...(master?.services ?? []).map(({name, pid, startedMs, restarts, lastEnd}) => {
        const what =
          pid === undefined
            ? 'down'
            : `running, PID ${pid}, for ${durationText(nowMs - (startedMs ?? nowMs))}`
        return `${name.padEnd(17)} ${what}, ${restarts} restarts${lastEnd === undefined ? '' : `, last end: ${lastEnd}`}`
      }),
    ],
  }
}

function drawAnvil({anvil}: HostFacts): Drawn | undefined {
  if (anvil === undefined) return undefined
  const {runs, pid, clients, streams, requests, refused, notCounted} = anvil
  const sum = (numbers: ReadonlyMap<string, number>) => [...numbers.values()].reduce((all, n) => all + n, 0)
  const parts = [
    runs === undefined ? '' : runs ? 'running' : 'does not run',
    // what it said last holds no more
    ...(clients === undefined || runs === false
      ? []
      : [`${clients} clients`, `${streams ?? 0} connected`, `${sum(requests)} requests`]),
    ...(sum(refused) > 0 ? [`${sum(refused)} refused by our limits`] : []),
    ...(notCounted > 0 ? [`${notCounted} not counted`] : []),
  ]
  const rows = (title: string, numbers: ReadonlyMap<string, number>) =>
    numbers.size === 0
      ? []
      : ['', title, ...[...numbers].map(([name, n]) => `${String(n).padStart(9)} ${spaced(name)}`)]
  return {
    text: parts.filter(Boolean).join(', '),
    details: [
      ...(pid === undefined ? [] : [`PID       ${pid}`]),
      '"amavis anvil status" shows its clients',
      ...rows('requests', requests),
      ...rows('refused by limits of our own sessions', refused),
    ],
  }
}

/** `ConnectionRate` as words. */
function spaced(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
}

function drawQueues({queues}: HostFacts): Drawn | undefined {
  if (queues.length === 0) return undefined
  return {
    text: queues
      .map(({name, entries, oldestSec}) => {
        const age =
          entries > 0 && oldestSec !== undefined ? ` (oldest ${durationText(oldestSec * 1000)})` : ''
        return `${name} ${entries}${age}`
      })
      .join(', '),
    details: [],
  }
}

function drawEvidence({master, nowMs}: HostFacts): Drawn | undefined {
  if (master === undefined) return undefined
  const {evidence} = master
  return {
    text:
      evidence.length === 0
        ? 'none preserved'
        : `${evidence.length} folders preserved: ${evidence[0]!.reason}`,
    details: evidence.flatMap(({folder, reason, atMs}) => [
      `${folder}, ${durationText(nowMs - atMs)} ago`,
      `  ${reason}`,
    ]),
  }
}

function drawIncidents({incidents, troubles, nowMs}: HostFacts): Drawn {
  const [last] = incidents
  const text =
    last === undefined
      ? 'none while watched'
      : `${incidents.length}, last ${durationText(nowMs - last.timeMs)} ago: PID ${last.pid} ${last.kind}`
  return {
    text: troubles.length > 0 ? `${text}; ${troubles.length} warnings in the log` : text,
    details: [
      ...incidents.map(({timeMs, pid, kind, taskId, letters, ageMs}) => {
        return `${clockText(timeMs)} PID ${pid} ${kind}, task ${taskId ?? '-'}, states ${letters || '-'}, age ${secondsText(ageMs)}`
      }),
      ...(troubles.length > 0 ? ['', 'warnings in the log, newest first'] : []),
      ...troubles.map(({atMs, text: entry}) => `${clockText(atMs)} ${entry}`),
    ],
  }
}
