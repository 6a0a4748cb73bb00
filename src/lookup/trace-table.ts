/**
 * trace-table — one table of a look-up explained, entry by entry in the order of its definition.
 */
import {parseAddress} from '../config/ip-network.ts'
import {numberText} from '../config/number.ts'
import type {Origins, Place} from '../config/origins.ts'
import {regexpText} from '../config/regexp.ts'
import type {Settings} from '../config/settings.ts'
import type {Box, Snapshot} from '../config/snapshot.ts'
import type {Obj, Scalar} from '../config/value.ts'
import {errorText} from '../errors.ts'
import {matchAcl} from './acl.ts'
import {addressKeys, splitAddress} from './address-keys.ts'
import {callCode} from './code.ts'
import {clientKeys, lookupIp, lookupIpTables} from './ip.ts'
import {lookup} from './lookup.ts'
import {matchRegexpTable} from './regexp-table.ts'
import {addressRules} from './subject.ts'

/** What a trace is made from: of the process that read the files. */
export interface TraceSources {
  /** with the banks in force */
  readonly settings: Settings
  readonly variables: Snapshot['variables']
  readonly origins: Origins
  /** where each variable got its value */
  readonly assigned?: ReadonlyMap<Box, Place>
}

/** The tables asked, and what came of it. */
export interface Traced {
  /** in the order in which they were asked; none after the one that answered */
  readonly tables: readonly TracedTable[]
  /** undefined: nothing was found */
  readonly answer: TracedAnswer | undefined
}

export type TraceKey =
  | {readonly kind: 'address'; readonly address: string}
  /** of a network client */
  | {readonly kind: 'client'; readonly address: string}

export interface TracedAnswer {
  /** the key of a hash, the entry of a list, the regular expression as Perl prints it */
  readonly key: string
  /** with `$1` and so on filled in */
  readonly value: Scalar
  /** of the entry; undefined for what no file set */
  readonly at: Place | undefined
}

export interface TracedTable {
  /** the variable's name, or its place in the map: `@spam_lovers_maps[2]` */
  readonly name: string
  readonly kind: 'undef' | 'constant' | 'hash' | 'list' | 'networks' | 'regexps' | 'categories' | Obj['of']
  /** where the table was put into the map */
  readonly at: Place | undefined
  /** number of entries */
  readonly size: number
  /** keys of a hash, entries of a list, expressions: those tried, in order */
  readonly tried: readonly string[]
  readonly answer: TracedAnswer | undefined
  /** why the table cannot be asked: a sub that fails, a server that is needed; mail that meets it is deferred */
  readonly problem?: string
}

/** Ask tables in turn, as many as a look-up would. */
export function traceTables(
  map: string,
  tables: readonly Scalar[],
  key: TraceKey,
  sources: TraceSources,
  at: (index: number) => Place | undefined = index => sources.origins.ofItem(tables, index),
): Traced {
  const traced: TracedTable[] = []
  for (const [i, table] of tables.entries()) {
    const one = traceTable(table, key, sources, `${map}[${i}]`, at(i))
    traced.push(one)
    if (one.answer || one.problem !== undefined) return {tables: traced, answer: one.answer}
  }
  return {tables: traced, answer: undefined}
}

/** What one element of a map says to a key. */
export function traceTable(
  element: Scalar,
  key: TraceKey,
  sources: TraceSources,
  place: string,
  at: Place | undefined,
): TracedTable {
  const name = variableOf(element, sources) ?? place
  const isReference = typeof element === 'object' && element.kind === 'ref'
  const set = (isReference ? sources.assigned?.get(element.to) : undefined) ?? at
  const nothing = {name, at, size: 0, tried: [], answer: undefined}
  try {
    const {value, sub} = resolved(element, sources)
    const asked = tableOf(value, key, sources)
    const answer = asked.answer && {...asked.answer, at: asked.answer.at ?? set}
    return {...nothing, ...asked, answer, name: sub ? `${name} (a sub)` : name}
  } catch (error) {
    return {...nothing, kind: 'undef', problem: errorText(error)}
  }
}

type Asked = Pick<TracedTable, 'kind' | 'size' | 'tried' | 'answer'>

function tableOf(value: Scalar, key: TraceKey, sources: TraceSources): Asked {
  if (value === undefined) return {kind: 'undef', size: 0, tried: [], answer: undefined}
  if (typeof value !== 'object') {
    const text = typeof value === 'number' ? numberText(value) : value
    return {kind: 'constant', size: 1, tried: [text], answer: {key: text, value, at: undefined}}
  }
  if (value.kind === 'ref' && value.to.kind === 'hash') return inHash(value, value.to.entries, key, sources)
  if (value.kind === 'ref' && value.to.kind === 'array') {
    return inList(value.to.items, key.kind === 'client' ? 'networks' : 'list', key, sources)
  }
  if (value.kind === 'object' && value.of === 'IP' && key.kind === 'client')
    return inList(value.items, 'networks', key, sources)
  if (value.kind === 'object' && value.of === 'RE' && key.kind === 'address')
    return inRegexps(value, key.address, sources)
  const match = ask(value, key, sources)
  const answer = match && {key: match.matchedKey, value: match.value, at: undefined}
  return {kind: value.kind === 'object' ? value.of : 'undef', size: 1, tried: [], answer}
}

function ask(table: Scalar, key: TraceKey, {settings}: TraceSources) {
  return key.kind === 'client'
    ? lookupIpTables([table], key.address, settings)
    : lookup([table], key.address, settings)
}

function inHash(
  table: Scalar,
  entries: ReadonlyMap<string, Scalar>,
  key: TraceKey,
  sources: TraceSources,
): Asked {
  const keys =
    key.kind === 'client'
      ? clientKeys(parseAddress(key.address))
      : addressKeys(splitAddress(key.address, addressRules(sources.settings)))
  const index = keys.findIndex(candidate => entries.has(candidate))
  const match = ask(table, key, sources)
  const matched = keys[index]
  return {
    kind: 'hash',
    size: entries.size,
    tried: index < 0 ? keys : keys.slice(0, index + 1),
    answer:
      matched === undefined || match === undefined
        ? undefined
        : {key: matched, value: match.value, at: sources.origins.ofEntry(entries, matched)},
  }
}

/** A list of addresses and domains, or of networks; lists inside one of networks are entries of it. */
function inList(
  items: readonly Scalar[],
  kind: 'list' | 'networks',
  key: TraceKey,
  sources: TraceSources,
): Asked {
  const tried: string[] = []
  const rules = addressRules(sources.settings)
  const parts = splitAddress(key.address, rules)
  for (const [i, item] of items.entries()) {
    if (item === undefined) continue
    const at = sources.origins.ofItem(items, i)
    if (kind === 'networks' && typeof item === 'object') {
      const inner = tableOf(item, key, sources)
      tried.push(...inner.tried)
      if (inner.answer) return {kind, size: items.length, tried, answer: inner.answer}
      continue
    }
    tried.push(typeof item === 'object' ? '(a reference)' : String(item))
    const match = kind === 'list' ? matchAcl([item], parts, rules.caseMatters) : lookupIp([item], key.address)
    if (match)
      return {kind, size: items.length, tried, answer: {key: match.matchedKey, value: match.value, at}}
  }
  return {kind, size: items.length, tried, answer: undefined}
}

function inRegexps(table: Obj, subject: string, {origins}: TraceSources): Asked {
  const tried: string[] = []
  for (const [i, item] of table.items.entries()) {
    const pair =
      typeof item === 'object' && item.kind === 'ref' && item.to.kind === 'array' ? item.to.items : [item]
    const [re] = pair
    if (typeof re === 'object' && re.kind === 're') tried.push(regexpText(re))
    const match = matchRegexpTable({...table, items: [item]}, subject)
    if (!match) continue
    const at =
      (typeof re === 'object' && re.kind === 're' && origins.ofRegexp(re)) || origins.ofItem(table.items, i)
    const answer = match.value === undefined ? undefined : {key: match.matchedKey, value: match.value, at}
    return {kind: 'regexps', size: table.items.length, tried, answer}
  }
  return {kind: 'regexps', size: table.items.length, tried, answer: undefined}
}

/** A reference to a scalar followed one level, then a sub called. */
function resolved(element: Scalar, {settings}: TraceSources): {value: Scalar; sub: boolean} {
  const isPointer = typeof element === 'object' && element.kind === 'ref' && element.to.kind === 'scalar'
  const value = isPointer && element.to.kind === 'scalar' ? element.to.value : element
  if (typeof value !== 'object' || value.kind !== 'code') return {value, sub: false}
  return {value: callCode(value, settings), sub: true}
}

/** The variable that an element refers to. */
function variableOf(element: Scalar, {variables}: TraceSources): string | undefined {
  if (typeof element !== 'object' || element.kind !== 'ref') return undefined
  for (const [name, box] of variables) if (box === element.to) return name
  return undefined
}
