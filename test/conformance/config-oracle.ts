/**
 * config-oracle — configurations in the form of the corpus's expected results, and the comparison.
 *
 * The forms are those of the corpus's README: `$ref` for a reference to a variable, `$re`, `$obj`, `$code`.
 * Numbers and strings compare by their text, as they are the same to a configuration.
 */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {type FileAccess, type Reading, readConfiguration} from '../../src/config/load.ts'
import {numberText} from '../../src/config/number.ts'
import {problemText} from '../../src/config/problem.ts'
import {testFile} from '../../src/config/reader.ts'
import {jsonForm, namesOf} from '../../src/config/show/json-form.ts'
import type {Snapshot} from '../../src/config/snapshot.ts'
import {ANVIL} from '../../src/config/table/anvil.ts'
import {OWN} from '../../src/config/table/own.ts'
import {ALTERNATIVE_NAMES} from '../../src/config/table/table.ts'

export type Json = null | string | Json[] | {[key: string]: Json}

/** A file or a set of files of the corpus. */
export interface Case {
  readonly name: string
  readonly files: readonly string[]
  readonly expected: {
    readonly ok: boolean
    readonly error: string | null
    readonly files_read: readonly string[]
    readonly stubbed_missing_files: readonly string[]
    readonly vars: Readonly<Record<string, unknown>>
  }
}

/** Depend on the machine, or are derived after the point at which the corpus was recorded. */
const NOT_COMPARED = new Set([
  '%local_delivery_aliases',
  '%ENV',
  // texts of ours, which the recording leaves out
  '$log_templ',
  '$log_recip_templ',
  '$log_short_templ',
  '$log_verbose_templ',
  ...[...OWN, ...ANVIL].map(setting => setting.name),
])

/** Settings whose defaults differ on purpose: the original's, which a file may set. */
const ORIGINAL_DEFAULTS = new Map<string, Json>([
  ['$max_requests', '20'],
  ['$enable_zmq', null],
])

const HOST = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: 'host.example.com'}

/** Read the files of a case as the corpus was made: missing files are empty, or passed over. */
export function loadCase(root: string, one: Case | undefined): Reading {
  const real = (name: string) =>
    name.startsWith('/etc/amavis/en_US')
      ? path.join(root, 'debian-support/etc-amavis-en_US', path.basename(name))
      : name
  const access: FileAccess = {
    readFile: name => readFileSync(real(name)),
    testFile: (test, name) => testFile(test, real(name)),
    checkFile: name => (existsSync(name) ? undefined : 'does not exist'),
  }
  const stubMissing = one?.expected.ok !== false
  return readConfiguration({files: one?.files ?? [], host: HOST, env: {}, stubMissing}, access)
}

/** What differs between our reading of a case and the original's; empty when they agree. */
export function differences(root: string, one: Case, defaults: Map<string, Json>): string[] {
  const {machine, snapshot} = loadCase(root, one)
  if (!one.expected.ok) {
    const errors = machine.errors.map(problemText)
    if (errors.some(text => /^\S+:\d+:\d+: \S/.test(text))) return []
    return [`loads, or is refused without a place, though the original says: ${one.expected.error}`]
  }
  if (machine.errors.length > 0)
    return machine.errors.map(problem => `does not load: ${problemText(problem)}`)
  return differing(one, dump(snapshot), defaults)
}

/** What differs between values and those that the original has after the files of a case. */
export function differing(one: Case, ours: Map<string, Json>, defaults: Map<string, Json>): string[] {
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

/** Every variable in the corpus's form, numbers as texts. */
export function dump({variables}: Snapshot): Map<string, Json> {
  const names = namesOf(variables)
  const own = [...variables].filter(([name]) => !ALTERNATIVE_NAMES.has(name))
  return new Map(own.map(([name, box]) => [name, normalised(jsonForm(name, box, names))]))
}

/** The variables that `config show --json` printed. */
export function shownVariables(vars: Record<string, unknown>): Map<string, Json> {
  return new Map(Object.entries(vars).map(([name, value]) => [name, normalised(value)]))
}

/** What `uname -a` says is of the machine that it was said on. */
function withoutKernel(text: string): string {
  return text.replace(/^(Linux \S+) .* GNU\/Linux\n/, '$1 … GNU/Linux\n')
}

/** The expected value with numbers as text and code names without their package. */
function normalised(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return withoutKernel(String(value))
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
