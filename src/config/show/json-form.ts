/**
 * show/json-form — values as JSON, with forms of their own for what JSON does not have.
 *
 *   undef                      null
 *   reference to a setting     {"$ref": "@mynetworks"}
 *   any other to a scalar      {"$scalar": …}
 *   regular expression         {"$re": "(?^i:x)", "pattern": "x", "flags": "i"}
 *   table made by new_RE       {"$obj": "Amavis::Lookup::RE", "value": […]}
 *   sub                        {"$code": "__ANON__", "get": "c('x')"}, {"$code": "Amavis::AV::ask_daemon"}
 *   hash with a key "$…"       {"$hash": {…}}
 *   a loop                     {"$cycle": 1}
 */
import {regexpText} from '../regexp.ts'
import type {Box} from '../snapshot.ts'
import {ALTERNATIVE_NAMES} from '../table/table.ts'
import type {Code, HashBox, Scalar} from '../value.ts'

export type Json = null | string | number | boolean | readonly Json[] | {readonly [key: string]: Json}
type Variables = ReadonlyMap<string, Box>

/** Which variable a box is, for references to it. */
export type Names = ReadonlyMap<Box, string>

export function namesOf(variables: Variables): Names {
  const names = new Map<Box, string>()
  for (const [name, box] of variables) if (!ALTERNATIVE_NAMES.has(name)) names.set(box, name)
  return names
}

/** A variable's value. Policy banks come without the built-in one, signing keys as file names only. */
export function jsonForm(name: string, box: Box, names: Names): Json {
  if (name === '%policy_bank' && box.kind === 'hash') return banksForm(box, names)
  if (name === '@dkim_signing_keys_storage' && box.kind === 'array') return box.items.map(keyForm)
  return contents(box, names, new Set())
}

/** What a file changed in the built-in bank, and the others without the name that each gets by itself. */
function banksForm(banks: HashBox, names: Names): Json {
  const shown: [string, Json][] = []
  for (const [name, value] of banks.entries) {
    const bank =
      typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
    const entries = [...(bank?.entries ?? [])].filter(([key, entry]) =>
      name === '' ? !isVariable(entry, names) : key !== 'policy_bank_name' || entry !== name,
    )
    if (!bank) shown.push([name, printed(value, names, new Set([banks]))])
    else if (name !== '' || entries.length > 0)
      shown.push([name, contents({kind: 'hash', entries: new Map(entries)}, names, new Set([banks, bank]))])
  }
  return hashForm(shown)
}

function isVariable(value: Scalar, names: Names): boolean {
  return typeof value === 'object' && value.kind === 'ref' && names.has(value.to)
}

/** A private key is nobody's business. */
function keyForm(entry: Scalar): Json {
  const box =
    typeof entry === 'object' && entry.kind === 'ref' && entry.to.kind === 'hash' ? entry.to : undefined
  const file = box?.entries.get('file')
  return {file: typeof file === 'string' ? file : null, ...(box?.entries.get('key') === '' && {empty: true})}
}

function contents(box: Box, names: Names, above: ReadonlySet<Box>): Json {
  if (above.has(box)) return {$cycle: 1}
  const inside = new Set(above).add(box)
  switch (box.kind) {
    case 'scalar':
      return printed(box.value, names, inside)
    case 'array':
      return Array.from(box.items, item => printed(item, names, inside))
    case 'hash':
      return hashForm([...box.entries].map(([key, value]) => [key, printed(value, names, inside)]))
  }
}

function hashForm(entries: readonly (readonly [string, Json])[]): Json {
  const plain = Object.fromEntries(entries)
  return entries.some(([key]) => key.startsWith('$')) ? {$hash: plain} : plain
}

function printed(value: Scalar, names: Names, above: ReadonlySet<Box>): Json {
  if (value === undefined) return null
  if (typeof value !== 'object') return value
  switch (value.kind) {
    case 'ref': {
      const name = names.get(value.to)
      if (name !== undefined) return {$ref: name}
      const inner = contents(value.to, names, above)
      return value.to.kind === 'scalar' ? {$scalar: inner} : inner
    }
    case 're':
      return {$re: regexpText(value), pattern: value.pattern, flags: value.flags}
    case 'object':
      return {
        $obj: `Amavis::Lookup::${value.of}`,
        value: value.items.map(item => printed(item, names, above)),
      }
    case 'code':
      return codeForm(value)
  }
}

function codeForm({name, body}: Code): Json {
  if (name !== undefined) return {$code: fullName(name)}
  if (body?.kind !== 'setting' || body.wrap === 'list') return {$code: '__ANON__'}
  const get = `${body.accessor}('${body.name}')`
  return {$code: '__ANON__', get: body.wrap === 'opaque' ? `Opaque(${get})` : get}
}

/** The original's subs are known by their packages. */
function fullName(name: string): string {
  if (/^do_\w+$/.test(name)) return `Amavis::Unpackers::${name}`
  return /^ask_(?:daemon|clamav)$/.test(name) ? `Amavis::AV::${name}` : name
}
