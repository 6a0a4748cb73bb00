/**
 * plan — the milters of a configuration, as plain data.
 *
 * Source: spec/milter-control §6. `@milters` gives the order; what `%milter` has beside comes after, sorted.
 */

import {isTrue} from '../config/number.ts'
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import type {Snapshot} from '../config/snapshot.ts'
import {parseSocket, type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {configurationFor, type ProgramOrder} from '../config/usable.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {MANNERS, type Manners} from '../session/milter/manners.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'

/** Which configuration, and what a command line says beside. */
export interface MilterOrder extends ProgramOrder {
  /** stay root where no other user is configured */
  readonly allowRoot: boolean
}

export interface MilterPlan {
  readonly name: string
  /** as configured */
  readonly port: string
  readonly socket: SocketSpec
  readonly enabled: boolean
  /** names, separated by commas */
  readonly banks: string
  /** 0: one process, and connections beyond its limit wait */
  readonly maxProcs: number
  readonly minProcs: number
  readonly connsPerProc: number
  /** connections after which a process retires; 0: never */
  readonly connLimit: number
  readonly idleLimitMs: number
  readonly stopTimeoutMs: number
  readonly abortTimeoutMs: number
  /** what becomes of connections beyond the limits: they wait, or are told so at once */
  readonly overload: 'wait' | TurnAway
  readonly manners: Manners
  readonly backlog: number | undefined
  readonly socketMode: number | undefined
}

/** All of a configuration's, with what they share. */
export interface Milters {
  readonly milters: readonly MilterPlan[]
  readonly runDir: string
  readonly settings: Settings
  readonly snapshot: Snapshot
}

/** A chunk of a body with its command. */
const SMALLEST_FRAME = 65_536
const NAME = /^[A-Za-z][A-Za-z0-9_.-]*$/
const KEYS = new Set([
  'port',
  'enabled',
  'policy_bank',
  'max_procs',
  'min_procs',
  'conns_per_proc',
  'proc_conn_limit',
  'proc_idle_limit',
  'stop_timeout',
  'abort_timeout',
  'listen_backlog',
  'socket_mode',
  'overload_action',
  'on_failure',
  'timeout',
  'write_timeout',
  'content_timeout',
  'progress_interval',
  'max_data_size',
  'no_reply',
  'leadspc',
  'symlist',
  'rcpt_rej',
])

/** Keys that others would look for, and what there is instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  user: "a milter's processes run as $daemon_user",
  chroot:
    'there is no chroot here; ProtectSystem and its like of the service manager are the means (docs/systemd.md)',
}

/** @throws AmavisError AM_CONFIG with each problem of the configuration in a line */
export function readMilters(order: MilterOrder): Milters {
  const {settings, snapshot} = configurationFor(order)
  return {
    milters: milterPlans(settings),
    runDir: settings.string('$milter_run_dir') ?? '',
    settings,
    snapshot,
  }
}

/** @throws AmavisError AM_CONFIG with each problem in a line */
export function milterPlans(settings: Settings): readonly MilterPlan[] {
  const table = settings.hash('%milter')
  const named = settings.list('@milters').map(String)
  const rest = [...table.keys()].filter(name => !named.includes(name)).sort()
  const problems: string[] = []
  const plans: MilterPlan[] = []
  const ports = new Map<string, string>()
  for (const name of [...named, ...rest]) {
    const made = planOf(name, table.get(name), settings)
    if (typeof made === 'string') {
      problems.push(made)
      continue
    }
    const key = socketKey(made.socket)
    const other = ports.get(key)
    if (plans.some(plan => plan.name === name)) problems.push(`@milters names "${name}" twice`)
    else if (other !== undefined)
      problems.push(`$milter{'${name}'}: its port ${made.port} is that of "${other}"`)
    ports.set(key, name)
    plans.push(made)
  }
  if (problems.length > 0) throw new AmavisError('AM_CONFIG', problems.join('\n'))
  return plans
}

function planOf(name: string, value: Scalar, settings: Settings): MilterPlan | string {
  const at = `$milter{'${name}'}`
  if (!NAME.test(name))
    return `@milters: "${name}" is no name, expected a letter, then letters, digits, _ . -`
  if (value === undefined) return `@milters names "${name}", and there is no ${at}`
  if (typeof value !== 'object' || value.kind !== 'ref' || value.to.kind !== 'hash')
    return `${at}: expected a hash in braces`
  const {entries} = value.to
  const unknown = [...entries.keys()].find(key => !KEYS.has(key))
  const elsewhere = unknown === undefined ? undefined : ELSEWHERE[unknown]
  if (elsewhere !== undefined) return `${at}: "${unknown}" is no key: ${elsewhere}`
  if (unknown !== undefined) return `${at}: there is no key "${unknown}"; known: ${[...KEYS].join(', ')}`
  const text = (key: string) => {
    const item = entries.get(key)
    return typeof item === 'string' || typeof item === 'number' ? String(item) : ''
  }
  const number = (key: string, usual: number, least = 0) => {
    const given = optionalNumber(entries.get(key))
    return given === undefined || given < least ? usual : Math.floor(given)
  }
  const seconds = (key: string, usualMs: number) => 1000 * number(key, usualMs / 1000, 1)
  const flag = (key: string, usual: boolean) => (entries.has(key) ? isTrue(entries.get(key)) : usual)
  const overload = oneOf(text('overload_action'), ['wait', 'tempfail', 'accept'] as const)
  if (!overload)
    return `${at}: overload_action is "${text('overload_action')}", expected wait, tempfail or accept`
  const onFailure = oneOf(text('on_failure'), ['tempfail', 'accept'] as const)
  if (!onFailure) return `${at}: on_failure is "${text('on_failure')}", expected tempfail or accept`
  const port = text('port')
  if (port === '') return `${at}: it has no port, such as 'inet:10031@127.0.0.1' or 'local:/path'`
  const specs = parseSocket(plainPort(port), ['127.0.0.1'])
  if (typeof specs === 'string') return `${at}: ${specs}`
  const maxProcs = number('max_procs', Math.max(1, Math.floor(settings.number('$max_servers') ?? 1)))
  return {
    name,
    port,
    socket: specs[0]!,
    enabled: !entries.has('enabled') || number('enabled', 0) > 0,
    banks: text('policy_bank'),
    maxProcs,
    minProcs: Math.min(Math.max(1, maxProcs), number('min_procs', 1)),
    connsPerProc: number('conns_per_proc', 8, 1),
    connLimit: number('proc_conn_limit', 0),
    idleLimitMs: 1000 * number('proc_idle_limit', 300),
    stopTimeoutMs: 1000 * number('stop_timeout', 330),
    abortTimeoutMs: 1000 * number('abort_timeout', 2),
    overload,
    manners: {
      idleMs: seconds('timeout', MANNERS.idleMs),
      writeMs: seconds('write_timeout', MANNERS.writeMs),
      contentMs: seconds('content_timeout', MANNERS.contentMs),
      progressMs: seconds('progress_interval', MANNERS.progressMs),
      largestFrame: number('max_data_size', MANNERS.largestFrame, SMALLEST_FRAME),
      noReply: flag('no_reply', MANNERS.noReply),
      leadingSpace: flag('leadspc', MANNERS.leadingSpace),
      macroLists: flag('symlist', MANNERS.macroLists),
      rejectedRecipients: flag('rcpt_rej', MANNERS.rejectedRecipients),
      onFailure,
    },
    backlog: optionalNumber(entries.get('listen_backlog')) ?? settings.number('$listen_queue_size'),
    socketMode: optionalNumber(entries.get('socket_mode')),
  }
}

/** The first of them where nothing is said; undefined: it is none of them. */
function oneOf<T extends string>(given: string, words: readonly [T, ...T[]]): T | undefined {
  return given === '' ? words[0] : words.find(word => word === given.toLowerCase())
}

/** `inet:10031@127.0.0.1`, `inet6:…`, `local:/path` of Sendmail, in our own spelling. */
function plainPort(port: string): string {
  const sendmail = /^inet6?:(\d+)@(.+)$/i.exec(port)
  if (sendmail) {
    const host = sendmail[2]!.replace(/^\[(.*)\]$/, '$1')
    return `${host.includes(':') ? `[${host}]` : host}:${sendmail[1]}`
  }
  return port.replace(/^local:/i, 'unix:')
}
