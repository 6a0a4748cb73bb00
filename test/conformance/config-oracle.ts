/**
 * config-oracle — configurations in the form of the corpus's expected results, and the comparison.
 *
 * The forms are those of the corpus's README: `$ref` for a reference to a variable, `$re`, `$obj`, `$code`.
 * Numbers and strings compare by their text, as they are the same to a configuration.
 */
import {existsSync, readFileSync, statSync} from 'node:fs'
import path from 'node:path'
import {type FileAccess, readConfiguration} from '../../src/config/load.ts'
import {numberText} from '../../src/config/number.ts'
import {problemText} from '../../src/config/problem.ts'
import {regexpText} from '../../src/config/regexp.ts'
import type {Box, Snapshot} from '../../src/config/snapshot.ts'
import {OWN} from '../../src/config/table/own.ts'
import {ALTERNATIVE_NAMES} from '../../src/config/table/table.ts'
import type {Obj, Scalar} from '../../src/config/value.ts'

export type Json = null | string | Json[] | {[key: string]: Json}

/** A file or a set of files of the corpus. */
export interface Case {
  readonly name: string
  readonly files: readonly string[]
  readonly expected: {
    readonly ok: boolean
    readonly error: string | null
    readonly stubbed_missing_files: readonly string[]
    readonly vars: Readonly<Record<string, unknown>>
  }
}

/** Depend on the machine, or are derived after the point at which the corpus was recorded. */
const NOT_COMPARED = new Set([
  '@listen_sockets',
  '%local_delivery_aliases',
  '%ENV',
  ...OWN.map(setting => setting.name),
])

/** Settings whose defaults differ on purpose: the original's, which a file may set. */
const ORIGINAL_DEFAULTS = new Map<string, Json>([
  ['$max_requests', '20'],
  ['$enable_zmq', null],
])

const HOST = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: 'host.example.com'}

/** Read the files of a case as the corpus was made: missing table files are empty. */
export function loadCase(root: string, one: Case | undefined) {
  const stubbed = new Set(one?.expected.stubbed_missing_files)
  const real = (name: string) =>
    name.startsWith('/etc/amavis/en_US')
      ? path.join(root, 'debian-support/etc-amavis-en_US', path.basename(name))
      : name
  const access: FileAccess = {
    readFile(name) {
      if (stubbed.has(name)) return Buffer.from(path.basename(name) === 'charset' ? 'UTF-8' : '')
      return readFileSync(real(name))
    },
    testFile: (test, name) =>
      existsSync(real(name)) ? (test === 's' ? statSync(real(name)).size : 1) : undefined,
    checkFile: name => (stubbed.has(name) || existsSync(name) ? undefined : 'does not exist'),
  }
  return readConfiguration({files: one?.files ?? [], host: HOST, env: {}}, access)
}

/** What differs between our reading of a case and the original's; empty when they agree. */
export function differences(root: string, one: Case, defaults: Map<string, Json>): string[] {
  const result = loadCase(root, one)
  if (!one.expected.ok)
    return result.kind === 'failed' ? [] : [`loads, though the original says: ${one.expected.error}`]
  if (result.kind === 'failed')
    return result.problems.map(problem => `does not load: ${problemText(problem)}`)
  const ours = dump(result.snapshot)
  const found: string[] = []
  for (const [name, value] of Object.entries(one.expected.vars)) {
    if (NOT_COMPARED.has(name)) continue
    const expected = normalised(value)
    const got = ours.get(name)
    if (got === undefined || !same(got, expected)) {
      found.push(
        `${name}: expected ${short(expected)}, found ${got === undefined ? 'no such variable' : short(got)}`,
      )
    }
  }
  for (const [name, value] of ours) {
    if (NOT_COMPARED.has(name) || name in one.expected.vars) continue
    const before = defaults.get(name)
    const original = ORIGINAL_DEFAULTS.get(name)
    if (original !== undefined && same(value, original)) continue
    if (before !== undefined && !same(value, before))
      found.push(`${name}: expected the default, found ${short(value)}`)
  }
  return found
}

function short(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

/** Every variable in the corpus's form. */
export function dump(snapshot: Snapshot): Map<string, Json> {
  const names = new Map<Box, string>()
  for (const [name, box] of snapshot.variables) if (!ALTERNATIVE_NAMES.has(name)) names.set(box, name)
  const printed = new Map<string, Json>()
  for (const [name, box] of snapshot.variables) {
    if (ALTERNATIVE_NAMES.has(name)) continue
    printed.set(name, dumped(name, box, names))
  }
  return printed
}

function dumped(name: string, box: Box, names: Map<Box, string>): Json {
  if (name === '%policy_bank') return banks(box, names)
  const all = contents(box, names, new Set())
  return name === '@dkim_signing_keys_storage' && Array.isArray(all) ? all.map(keyFile) : all
}

/** A signing key by its file alone, as the corpus shows it. */
function keyFile(entry: Json): Json {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry
  return {file: entry['file'] ?? null, ...(entry['key'] === '' ? {empty: 'true'} : {})}
}

/** Banks without the built-in one's references to variables, and without the name each is given for itself. */
function banks(box: Box, names: Map<Box, string>): Json {
  const all = contents(box, names, new Set())
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return all
  const builtIn = Object.entries(all[''] ?? {}).filter(([, value]) => !isReference(value))
  if (builtIn.length > 0) all[''] = Object.fromEntries(builtIn)
  else delete all['']
  for (const [name, bank] of Object.entries(all)) {
    if (
      typeof bank === 'object' &&
      bank !== null &&
      !Array.isArray(bank) &&
      bank['policy_bank_name'] === name
    ) {
      delete bank['policy_bank_name']
    }
  }
  return all
}

function isReference(value: Json): boolean {
  return typeof value === 'object' && value !== null && '$ref' in value
}

function contents(box: Box, names: Map<Box, string>, above: Set<Box>): Json {
  if (above.has(box)) return {$cycle: '1'}
  const inside = new Set(above).add(box)
  switch (box.kind) {
    case 'scalar':
      return printed(box.value, names, inside)
    case 'array':
      return Array.from(box.items, item => printed(item, names, inside))
    case 'hash':
      return Object.fromEntries([...box.entries].map(([key, value]) => [key, printed(value, names, inside)]))
  }
}

function printed(value: Scalar, names: Map<Box, string>, above: Set<Box>): Json {
  if (value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  switch (value.kind) {
    case 'ref': {
      const name = names.get(value.to)
      if (name !== undefined) return {$ref: name}
      const inner = contents(value.to, names, above)
      return value.to.kind === 'scalar' ? {$scalar: inner} : inner
    }
    case 're':
      return {$re: regexpText(value)}
    case 'object':
      return {$obj: `Amavis::Lookup::${value.of}`, value: objectItems(value, names, above)}
    case 'code': {
      if (value.name !== undefined) return {$code: value.name.split('::').at(-1)!}
      const {body} = value
      if (body?.kind !== 'setting') return {$code: '__ANON__'}
      const get = `${body.accessor}('${body.name}')`
      if (body.wrap === 'list') return {$code: '__ANON__'}
      return {$code: '__ANON__', get: body.wrap === 'opaque' ? `Opaque(${get})` : get}
    }
  }
}

function objectItems(object: Obj, names: Map<Box, string>, above: Set<Box>): Json {
  return object.items.map(item => printed(item, names, above))
}

/** The expected value with numbers as text and code names without their package. */
function normalised(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map(normalised)
  const entries = Object.entries(value).map(([key, inner]): [string, Json] => [key, normalised(inner)])
  const plain = Object.fromEntries(entries)
  if (typeof plain['$code'] === 'string') plain['$code'] = plain['$code'].split('::').at(-1)!
  // the corpus counts a leading (?x) among the flags and prints it with the pattern; the text decides
  if ('$re' in plain) return {$re: plain['$re'] ?? null}
  return '$hash' in plain && entries.length === 1 ? (plain['$hash'] ?? null) : plain
}

function same(a: Json, b: Json): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]!))
    )
  }
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => key in b && same(a[key]!, b[key]!))
}
