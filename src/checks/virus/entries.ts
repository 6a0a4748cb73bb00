/**
 * entries — what an entry of `@av_scanners` asks for.
 *
 * Pure, but for one look whether a program is there. Source: spec/daemon, av_scanners entry and ask_daemon;
 * spec/config §2.8. What cannot be done is told with its reason; such a scanner counts as one that fails, so that
 * mail is not taken for clean because nobody looked. A program that is not installed is left out, as configurations
 * name many of which a machine has one.
 */
import {folderOfSub} from '../../config/folder-sub.ts'
import {isTrue} from '../../config/number.ts'
import {itemsOf} from '../../config/scalar.ts'
import type {Code, Scalar} from '../../config/value.ts'
import {findProgram, isExecutable} from '../../process/find-program.ts'
import type {ScannerAnswer} from './answer.ts'
import {type Endpoint, parseEndpoint} from './daemon/endpoint.ts'
import {type Rules, rulesOf} from './reading.ts'

export type DaemonProtocol = 'clamd' | 'simple' | 'line' | 'sssp' | 'savapi' | 'smtp' | 'lmtp'

export interface DaemonEntry {
  readonly kind: 'daemon'
  readonly name: string
  readonly protocol: DaemonProtocol
  /** with `{}`, `{}/*` or `*` where a folder or files stand */
  readonly query: string
  /** product of SAVAPI, recipient of an SMTP scanner */
  readonly extra: string | undefined
  /** where to ask: one after the other, until one answers */
  readonly endpoints: readonly Endpoint[]
  readonly rules: Rules
}

export interface ProgramEntry {
  readonly kind: 'program'
  readonly name: string
  readonly file: string
  readonly args: string
  /** where it is started; undefined: beside the files */
  readonly cwd: string | undefined
  readonly rules: Rules
}

export type ScannerEntry =
  | DaemonEntry
  | ProgramEntry
  /** `sub {0}`: always the same */
  | {readonly kind: 'constant'; readonly name: string; readonly answer: ScannerAnswer}
  | {readonly kind: 'absent'; readonly name: string}
  | {readonly kind: 'unsupported'; readonly name: string; readonly reason: string}

/**
 * @param folders where programs are looked for ($path)
 * @returns undefined for what is no entry at all
 */
export function scannerEntry(
  entry: Scalar,
  folders: readonly string[],
  isProgram: (file: string) => boolean = isExecutable,
): ScannerEntry | undefined {
  const items = itemsOf(entry)
  if (!items) return undefined
  const [label, program, args, clean, infected, names, before] = items
  const name = typeof label === 'string' ? label : 'without a name'
  const rules = rulesOf(clean, infected, names)
  if (typeof program === 'object' && program.kind === 'code') return codeEntry(name, program, args, rules)
  const candidates = (itemsOf(program) ?? [program]).filter(item => typeof item === 'string')
  if (candidates.length === 0) return {kind: 'unsupported', name, reason: 'its entry names no program'}
  const found = findProgram(candidates, folders, isProgram)
  if (found === undefined) return {kind: 'absent', name}
  const cwd = folderOf(before)
  if (cwd === null) {
    return {kind: 'unsupported', name, reason: 'the sub before it does something else than chdir to a folder'}
  }
  return {kind: 'program', name, file: found, args: typeof args === 'string' ? args : '', cwd, rules}
}

/** Null: the sub does something else. */
function folderOf(before: Scalar): string | undefined | null {
  if (before === undefined) return undefined
  if (typeof before !== 'object' || before.kind !== 'code') return null
  return before.body?.kind === 'constant' ? undefined : (folderOfSub(before) ?? null)
}

function codeEntry(name: string, {name: called, body}: Code, args: Scalar, rules: Rules): ScannerEntry {
  if (body?.kind === 'constant') return {kind: 'constant', name, answer: constantAnswer(body.values)}
  const asks = /(?:^|::)ask_(daemon|av_smtp)$/.exec(called ?? '')?.[1]
  if (asks === undefined) {
    const what = called === undefined ? 'a sub of the configuration' : `&${called}`
    return {kind: 'unsupported', name, reason: `${what} cannot scan; ask_daemon and programs can`}
  }
  const [query, sockets, extra] = itemsOf(args) ?? []
  return daemonEntry(name, query, sockets, extra, rules)
}

/** As a scanner's code returns: status (0 clean, true infected, undef no answer), output, names. */
function constantAnswer([status, , ...names]: readonly Scalar[]): ScannerAnswer {
  if (status === undefined) return {kind: 'failed', reason: 'its sub gives no answer'}
  if (!isTrue(status)) return {kind: 'clean'}
  return {kind: 'infected', names: names.filter(name => typeof name === 'string')}
}

const PROTOCOLS: Readonly<Record<string, DaemonProtocol>> = {
  clamd: 'clamd',
  simple: 'simple',
  sophie: 'line',
  trophie: 'line',
  sssp: 'sssp',
  savapi: 'savapi',
  smtp: 'smtp',
  lmtp: 'lmtp',
}

/** Queries that only clamd understands. */
const CLAMD_QUERY = /^[nz]?(?:(?:CONT|MULTI|ALLMATCH)SCAN|INSTREAM)\b/

function daemonEntry(
  name: string,
  query: Scalar,
  sockets: Scalar,
  extra: Scalar,
  rules: Rules,
): ScannerEntry {
  const unsupported = (reason: string): ScannerEntry => ({kind: 'unsupported', name, reason})
  const specs = (itemsOf(sockets) ?? [sockets]).filter(spec => typeof spec === 'string')
  const text = typeof query === 'string' ? query : ''
  const endpoints: Endpoint[] = []
  let protocol: DaemonProtocol | undefined
  for (const spec of specs) {
    const [, prefix, rest = ''] = /^(?:([a-z][a-z-]*):(?!\d+$))?(.*)$/is.exec(spec.trim()) ?? []
    const isFamily = prefix === undefined || /^(?:inet6?|unix|local)$/i.test(prefix)
    const named = isFamily ? undefined : PROTOCOLS[prefix.toLowerCase()]
    if (!isFamily && named === undefined) {
      if (/-perl$/.test(prefix))
        return unsupported(`${prefix} is a library of Perl's; ask its daemon instead`)
      return unsupported(`no scanner speaks the protocol "${prefix}"`)
    }
    protocol ??= named
    const endpoint = parseEndpoint(isFamily ? spec : rest)
    if (endpoint) endpoints.push(endpoint)
  }
  if (endpoints.length === 0)
    return unsupported(`no socket can be made out of ${JSON.stringify(specs.join(' '))}`)
  protocol ??= CLAMD_QUERY.test(text) ? 'clamd' : 'simple'
  return {
    kind: 'daemon',
    name,
    protocol,
    query: text,
    extra: typeof extra === 'string' ? extra : undefined,
    endpoints,
    rules: protocol === 'clamd' && rules.infected === undefined ? CLAMD_RULES : rules,
  }
}

/** Where an entry for clamd leaves them out. */
const CLAMD_RULES: Rules = rulesOf(
  {kind: 're', pattern: '\\bOK$', flags: 'm'},
  {kind: 're', pattern: '\\bFOUND$', flags: 'm'},
  {kind: 're', pattern: '^.*?: (?!Infected Archive)(.*) FOUND$', flags: 'm'},
)
