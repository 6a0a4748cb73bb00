/**
 * helpers/table-files — read_hash, read_array, read_cidr, read_text: tables kept in files of their own.
 *
 * Source: spec/config, Functions callable from configuration. Differs from the original in one point:
 * blanks before a key of read_hash are passed over and do not make an empty key.
 */
import {errorText} from '../../errors.ts'
import {textOf} from '../language/convert.ts'
import type {Builtin, Machine} from '../language/machine.ts'
import {lowerCase} from '../language/template.ts'
import {isTrue} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import type {ArrayBox, HashBox, Scalar} from '../value.ts'
import {asciiDomain} from './text-helpers.ts'

export const TABLE_FILES: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['read_hash', readHash],
  ['read_array', readArray],
  ['read_cidr', readCidr],
  ['read_text', (machine, args, at) => [decoded(readOctets(machine, args[0], at), args[1], at)]],
])

/** The octets of a file that a configuration names. */
export function readOctets(machine: Machine, path: Scalar, at: Position): Buffer {
  const name = textOf(path)
  try {
    return machine.outside.readFile(name)
  } catch (error) {
    throw configError(at, `cannot read "${name}": ${errorText(error)}`)
  }
}

/** Text by a charset's name; without one every octet is a character. */
export function decoded(octets: Buffer, charset: Scalar, at: Position): string {
  if (charset === undefined || charset === '') return octets.toString('latin1')
  try {
    return new TextDecoder(textOf(charset)).decode(octets)
  } catch {
    throw configError(at, `the charset "${textOf(charset)}" is not known`)
  }
}

function targetOf<T extends 'array' | 'hash'>(
  args: readonly Scalar[],
  kind: T,
): {box: (ArrayBox | HashBox) & {kind: T}; path: Scalar} | undefined {
  const first = args[0]
  if (typeof first !== 'object' || first.kind !== 'ref' || first.to.kind !== kind) return undefined
  return {box: first.to as (ArrayBox | HashBox) & {kind: T}, path: args[1]}
}

/** A line without its comment; texts in quotes may hold a `#`. */
function withoutComment(line: string): {text: string; commented: boolean} {
  const kept = /^(?:"(?:\\.|[^"\\])*"|[^#"]|"(?!(?:\\.|[^"\\])*"))*/.exec(line)![0]
  return {text: kept, commented: kept.length < line.length}
}

function readHash(machine: Machine, args: readonly Scalar[], at: Position): readonly Scalar[] {
  const named = targetOf(args, 'hash')
  const box: HashBox = named?.box ?? {kind: 'hash', entries: new Map()}
  machine.assigned.set(box, at)
  const caseMatters = settingIsTrue(machine, '$localpart_is_case_sensitive')
  const trim = settingIsTrue(machine, '$trim_trailing_space_in_lookup_result_fields')
  const path = named ? named.path : args[0]
  const file = textOf(path)
  for (const [i, line] of linesOf(readOctets(machine, path, at)).entries()) {
    const {text, commented} = withoutComment(line)
    if (text.trim() === '') continue
    const [, key = '', value = ''] = /^\s*((?:"(?:\\.|[^"\\])*"|\S)+)\s*([\s\S]*)$/.exec(text) ?? []
    const kept = commented || trim ? value.trimEnd() : value
    const address = addressKey(key, caseMatters)
    box.entries.set(address, kept.trim() === '' ? 1 : kept)
    machine.origins.markEntry(box.entries, address, {file, line: i + 1})
  }
  return [{kind: 'ref', to: box}]
}

function readArray(machine: Machine, args: readonly Scalar[], at: Position): readonly Scalar[] {
  const named = targetOf(args, 'array')
  const box: ArrayBox = named?.box ?? {kind: 'array', items: []}
  machine.assigned.set(box, at)
  const path = named ? named.path : args[0]
  const file = textOf(path)
  for (const [i, line] of linesOf(readOctets(machine, path, at)).entries()) {
    const entry = withoutComment(line).text.trimEnd()
    if (entry === '') continue
    box.items.push(unquoted(entry.replace(/^</, '').replace(/>$/, '')))
    machine.origins.markItems(box.items, box.items.length - 1, {file, line: i + 1})
  }
  return [{kind: 'ref', to: box}]
}

/** Postfix's CIDR tables: comment lines, and continued lines that begin with a blank. */
function readCidr(machine: Machine, args: readonly Scalar[], at: Position): readonly Scalar[] {
  const named = targetOf(args.toReversed(), 'hash') ?? targetOf(args.toReversed(), 'array')
  const box = named?.box ?? {kind: 'array' as const, items: [] as Scalar[]}
  machine.assigned.set(box, at)
  const file = textOf(args[0])
  const entries: {text: string; readonly line: number}[] = []
  for (const [i, line] of linesOf(readOctets(machine, args[0], at)).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue
    const last = entries.at(-1)
    if (/^\s/.test(line) && last) last.text += line
    else entries.push({text: line.trimStart(), line: i + 1})
  }
  for (const {text, line} of entries) {
    const [, key = '', value = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? []
    if (box.kind === 'array') {
      box.items.push(key)
      machine.origins.markItems(box.items, box.items.length - 1, {file, line})
    } else {
      box.entries.set(key.toLowerCase(), value === '' ? 1 : value)
      machine.origins.markEntry(box.entries, key.toLowerCase(), {file, line})
    }
  }
  return [{kind: 'ref', to: box}]
}

function linesOf(octets: Buffer): string[] {
  return octets.toString('latin1').split(/\r?\n/)
}

function settingIsTrue(machine: Machine, name: string): boolean {
  const box = machine.variables.get(name)
  return box?.kind === 'scalar' && isTrue(box.value)
}

/** A key of read_hash: an address in its unquoted form, its domain in lower-case ASCII. */
function addressKey(raw: string, caseMatters: boolean): string {
  const key = raw.replace(/^<(.*)>$/, '$1')
  const split = key.lastIndexOf('@')
  if (split < 0) return lowerCase(unquoted(key))
  const local = unquoted(key.slice(0, split))
  const domain = lowerCase(key.slice(split + 1))
  return `${caseMatters ? local : lowerCase(local)}@${asciiDomain(domain)}`
}

/** `"a b"@dom`, `a\ b@dom`: the local part as it is meant. */
function unquoted(text: string): string {
  return text.replace(/\\([\s\S])|"/g, (_, char: string | undefined) => char ?? '')
}
