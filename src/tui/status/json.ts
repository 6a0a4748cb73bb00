/**
 * json — one display as one JSON object. Field names are part of the command's manual and keep their meaning.
 */
import {visibleJson} from '../visible.ts'
import type {Assessment, Level} from './assess.ts'
import type {HostFacts} from './facts.ts'
import {MEASURED, MEASURES} from './thresholds.ts'

export interface AssessedHost {
  readonly facts: HostFacts
  readonly assessment: Assessment
}

/** The manual's section about it. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), level ("ok", "warning" or "critical"),
data_age_ms or null, busy, idle, peak, states (busy children by letter), oldest_task_ms or null, waiting and
waiting_limit (connections that the master holds; null where it cannot be asked), mails_per_minute, watched_s,
services (name, endpoint, alive), uptime_s or null, counters (name to number; null without an answer from the
snmp-responder), warnings (level, section, text, todo) and hosts: of several hosts the figures before are the
sums, or the worst. Of each host: connect, name, version, generation, started (ISO 8601), maximum_children,
mails_per_minute_of_ten, lag_ms, dropped, tasks and sections as of amavis timing (report, name, count, p50_ms,
p95_ms, share), measures (what thresholds are about), next_hop (sent, failures, recent_failures, last_sent,
last_failure), scanners (name, state, since, text), anvil (running, pid, asked, clients, streams, requests and
refused by kind, not_counted) or null, mta_queues (name, entries, oldest_s), incidents (time, pid, kind, task,
states, age_ms), reload (time, ok, problems) or null, supervised (name, pid, restarts, last_end) or
null, evidence (folder, reason, time) or null, and the fields of before.`

const WORST: readonly Level[] = ['ok', 'warning', 'critical']

export function statusJson(nowMs: number, hosts: readonly AssessedHost[]): string {
  const facts = hosts.map(host => host.facts)
  const sum = (of: (host: HostFacts) => number) => facts.reduce((total, host) => total + of(host), 0)
  const worst = Math.max(0, ...hosts.map(({assessment}) => WORST.indexOf(assessment.level)))
  const masters = facts.flatMap(({master}) => master ?? [])
  const counted = facts.flatMap(({counters}) => counters ?? [])
  return visibleJson({
    time: timeOf(nowMs),
    level: WORST[worst],
    data_age_ms: largest(facts.map(dataAge)),
    busy: sum(host => host.children.busy),
    idle: sum(host => host.children.idle),
    peak: round(sum(host => host.children.peak)),
    states: Object.fromEntries(sums(facts.map(host => host.children.states))),
    oldest_task_ms: largest(facts.map(host => host.children.oldest?.ms)),
    waiting: masters.length > 0 ? masters.reduce((n, {waiting}) => n + waiting.length, 0) : null,
    waiting_limit: masters.length > 0 ? masters.reduce((n, {waiting}) => n + waiting.limit, 0) : null,
    mails_per_minute: round(sum(host => host.mails.perMinute)),
    watched_s: Math.round(Math.max(0, ...facts.map(host => host.mails.watchedMs)) / 1000),
    services: facts.flatMap(host => host.services),
    uptime_s: largest(
      facts.map(({startedMs}) => startedMs && Math.max(0, Math.floor((nowMs - startedMs) / 1000))),
    ),
    counters: counted.length > 0 ? Object.fromEntries(sums(counted.map(summable))) : null,
    warnings: hosts.flatMap(({facts: {endpoint}, assessment}) =>
      assessment.warnings.map(warning => ({...warning, connect: endpoint})),
    ),
    hosts: hosts.map(hostJson),
  })
}

function hostJson({facts, assessment}: AssessedHost) {
  const {bus, children, mails, master, nextHop} = facts
  const of = (name: string) => facts.counters?.get(name) ?? null
  return {
    connect: facts.endpoint,
    level: assessment.level,
    name: facts.name ?? null,
    version: facts.version ?? null,
    generation: facts.generation ?? null,
    started: timeOf(facts.startedMs),
    data_age_ms: dataAge(facts) ?? null,
    lag_ms: bus.lagMs === undefined ? null : Math.round(bus.lagMs),
    dropped: bus.dropped,
    busy: children.busy,
    idle: children.idle,
    maximum_children: children.maximum ?? null,
    states: Object.fromEntries(children.states),
    oldest_task_ms: children.oldest?.ms ?? null,
    waiting: master?.waiting.length ?? null,
    waiting_limit: master?.waiting.limit ?? null,
    mails_per_minute: round(mails.perMinute),
    mails_per_minute_of_ten: mails.perMinuteOfTen === undefined ? null : round(mails.perMinuteOfTen),
    tasks: facts.tasks
      ? {count: facts.tasks.count, p50_ms: facts.tasks.p50Ms, p95_ms: facts.tasks.p95Ms}
      : null,
    sections: facts.sections.map(({kind, name, count, p50Ms, p95Ms, share}) => ({
      report: kind,
      name,
      count,
      p50_ms: p50Ms,
      p95_ms: p95Ms,
      share: Number(share.toFixed(4)),
    })),
    measures: Object.fromEntries(
      MEASURED.map(name => {
        const value = MEASURES[name].of(facts)
        return [name, value === undefined ? null : round(value)]
      }),
    ),
    next_hop: {
      sent: of('OutMsgs'),
      failures: of('OutMsgsAttemptFails'),
      recent_failures: nextHop.recentFailures,
      last_sent: timeOf(nextHop.sentMs),
      last_failure: nextHop.lastFailure
        ? {time: timeOf(nextHop.lastFailure.atMs), text: nextHop.lastFailure.text}
        : null,
    },
    scanners: facts.scanners.map(({sinceMs, ...scanner}) => ({...scanner, since: timeOf(sinceMs)})),
    anvil: anvilJson(facts.anvil),
    mta_queues: facts.queues.map(({name, entries, oldestSec}) => ({
      name,
      entries,
      oldest_s: oldestSec ?? null,
    })),
    incidents: facts.incidents.map(({timeMs, pid, kind, taskId, letters, ageMs}) => ({
      time: timeOf(timeMs),
      pid,
      kind,
      task: taskId ?? null,
      states: letters,
      age_ms: ageMs,
    })),
    reload: master?.reload
      ? {time: timeOf(master.reload.atMs), ok: master.reload.ok, problems: master.reload.problems}
      : null,
    supervised:
      master?.services?.map(({name, pid, restarts, lastEnd}) => ({
        name,
        pid: pid ?? null,
        restarts,
        last_end: lastEnd ?? null,
      })) ?? null,
    evidence:
      master?.evidence.map(({folder, reason, atMs}) => ({folder, reason, time: timeOf(atMs)})) ?? null,
  }
}

function anvilJson(anvil: HostFacts['anvil']) {
  if (anvil === undefined) return null
  const {runs, pid, isAsked, clients, streams, requests, refused, notCounted} = anvil
  return {
    running: runs ?? null,
    pid: pid ?? null,
    asked: isAsked ?? null,
    clients: clients ?? null,
    streams: streams ?? null,
    requests: Object.fromEntries(requests),
    refused: Object.fromEntries(refused),
    not_counted: notCounted,
  }
}

function dataAge({bus, nowMs}: HostFacts): number | undefined {
  return bus.heardMs === undefined ? undefined : Math.max(0, nowMs - bus.heardMs)
}

function largest(values: readonly (number | undefined)[]): number | null {
  const known = values.filter(value => value !== undefined)
  return known.length > 0 ? Math.max(...known) : null
}

/** Numbers that mean something when those of several hosts are added. */
function summable(counters: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counters].filter(([name]) => !/^(?:sys|Daemon)[A-Z]/.test(name)))
}

function sums(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const total = new Map<string, number>()
  for (const map of maps) for (const [name, n] of map) total.set(name, (total.get(name) ?? 0) + n)
  return total
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

/** Beyond what a date can be, as a bus may claim: null. */
function timeOf(ms: number | undefined): string | null {
  return ms === undefined || !(Math.abs(ms) < 8.64e15) ? null : new Date(ms).toISOString()
}
