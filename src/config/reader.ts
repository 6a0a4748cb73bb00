/**
 * reader — configuration files in order, into one set of variables.
 *
 * Starts from the table's defaults. A file is parsed whole before anything in it takes effect; included
 * files go through the same checks and see the same variables.
 */
import {statSync} from 'node:fs'
import {errorText} from '../errors.ts'
import {DECLARATIONS} from './helpers/declarations.ts'
import {LOOKUP_OBJECTS} from './helpers/lookup-objects.ts'
import {TABLE_FILES} from './helpers/table-files.ts'
import {TEXT_HELPERS} from './helpers/text-helpers.ts'
import {assignList, assignScalar} from './language/assign.ts'
import type {Sigil, Statement} from './language/ast.ts'
import {textOf} from './language/convert.ts'
import {parseExpression} from './language/expression.ts'
import {
  type Builtin,
  countSteps,
  hasVariable,
  type Machine,
  newBox,
  newMachine,
  type Outside,
  setSpecial,
  unknownVariable,
} from './language/machine.ts'
import {namesIn, unknownNames} from './language/names.ts'
import {repeatedKeys, repeatedScalars} from './language/repeated.ts'
import {runStatements} from './language/run.ts'
import {Source} from './language/source.ts'
import {parseFile} from './language/statement.ts'
import {configError, type Position, problemsOf, refusal} from './problem.ts'
import {type Accessor, accessed} from './setting-access.ts'
import {ALTERNATIVE_NAMES, SETTINGS} from './table/table.ts'
import type {Scalar} from './value.ts'

const NESTING_LIMIT = 100
/** Statements, expressions, list values and octets of text (64 to a step) that all files together may cost. */
const STEPS = 3_000_000
/** What reading a file costs, beside its length. */
const FILE_STEPS = 1000
/** After so many mistakes a file is something else. */
const MISTAKES_LIMIT = 100

/** Whether a file may be read as configuration; gives what is wrong with it, undefined when nothing is. */
export type FileCheck = (path: string) => string | undefined

export interface Reader {
  readonly machine: Machine
  /** files read so far, in order */
  readonly files: readonly string[]
  /** Mistakes are gathered in `machine.errors`; what is right takes effect all the same. */
  readFile(path: string): void
  /** Give a variable the value of an expression in the configuration language. */
  assign(name: string, expression: string, origin: string): void
}

/**
 * A reader whose variables have their defaults.
 * @param skipMissing whether included files that do not exist are passed over
 */
export function createReader(outside: Outside, check: FileCheck, skipMissing = false): Reader {
  const variables: Machine['variables'] = new Map()
  for (const {name} of SETTINGS) variables.set(name, newBox(name[0] as Sigil))
  for (const [other, name] of ALTERNATIVE_NAMES) variables.set(other, variables.get(name)!)
  const files: string[] = []
  let depth = 0

  const read = (path: string, at: Position | undefined) => {
    if (depth >= NESTING_LIMIT)
      throw refusal(at, `configuration files include each other more than ${NESTING_LIMIT} deep`)
    if (skipMissing && at && outside.testFile('e', path) === undefined) return
    const wrong = check(path)
    if (wrong !== undefined) throw configError(at, `Config file "${path}" ${wrong}`)
    depth++
    try {
      const text = sourceText(outside, path, at)
      // what a file says may take as long as it is, but not for each time that it is included
      if (!files.includes(path)) machine.steps += text.length
      countSteps(machine, FILE_STEPS + Math.floor(text.length / 4), at ?? {file: path, line: 1, column: 1})
      files.push(path)
      runFile(machine, path, text)
    } finally {
      depth--
    }
  }
  const builtins = new Map<string, Builtin>([
    ...LOOKUP_OBJECTS,
    ...TABLE_FILES,
    ...DECLARATIONS,
    ...TEXT_HELPERS,
    ...inclusions(read),
    ...(['c', 'cr', 'ca'] as const).map((accessor): [string, Builtin] => [
      accessor,
      (machine, [name], at) => [settingNow(machine, accessor, textOf(name), at)],
    ]),
    // Sys::Hostname's
    ['hostname', machine => [machine.outside.command('hostname')?.trim()]],
  ])
  const machine = newMachine({variables, outside, builtins, specials: specialVariables(), steps: STEPS})
  return {
    machine,
    files,
    readFile(path) {
      try {
        read(path, undefined)
      } catch (error) {
        const problems = problemsOf(error)
        if (!problems) throw error
        machine.errors.push(...problems)
      }
    },
    assign: (name, expression, origin) => assignText(machine, name, expression, origin),
  }
}

/** `c('x')` while files are read: no bank is loaded yet but the built-in one. */
function settingNow(machine: Machine, accessor: Accessor, name: string, at: Position): Scalar {
  const banks = machine.variables.get('%policy_bank')
  const bank = banks?.kind === 'hash' ? banks.entries.get('') : undefined
  const entries =
    typeof bank === 'object' && bank.kind === 'ref' && bank.to.kind === 'hash' ? bank.to.entries : undefined
  if (!entries?.has(name)) throw configError(at, `no setting "${name}" that a policy bank can have`)
  const entry = entries.get(name)
  const isScalar = typeof entry === 'object' && entry.kind === 'ref' && entry.to.kind === 'scalar'
  return accessed(isScalar && entry.to.kind === 'scalar' ? entry.to.value : entry, accessor)
}

/** Those of Perl's own variables that have a value from the begin. */
function specialVariables(): Machine['specials'] {
  const {pid} = process
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  const values = {
    $$: pid,
    '$<': uid,
    '$>': uid,
    '$(': gid,
    '$)': gid,
    '$"': ' ',
    '$,': undefined,
    '$;': '\x1c',
  }
  return new Map(Object.entries(values).map(([name, value]) => [name, {kind: 'scalar', value}]))
}

/** include_config_files, include_optional_config_files, and Perl's own ways to read a file. */
function inclusions(read: (path: string, at: Position) => void): readonly [string, Builtin][] {
  const all: Builtin = (_, args, at) => {
    for (const path of args) read(textOf(path), at)
    return [1]
  }
  const optional: Builtin = (machine, args, at) => {
    for (const path of args) if (machine.outside.testFile('e', textOf(path))) read(textOf(path), at)
    return [1]
  }
  // `do FILE` tells of a missing file through its value and `$!`
  const doFile: Builtin = (machine, args, at) => {
    const path = textOf(args[0])
    const missing = machine.outside.testFile('e', path) === undefined
    const value = missing ? '2 (No such file or directory)' : '0'
    setSpecial(machine, '$!', value)
    setSpecial(machine, '$@', '')
    if (!missing) read(path, at)
    return [missing ? undefined : 1]
  }
  const required: Builtin = (machine, args, at) => {
    const module = textOf(args[0])
    if (!/^[A-Z]\w*(?:::\w+)*$/.test(module)) return all(machine, args, at)
    throw configError(at, `Can't locate ${module}: Perl modules cannot be loaded`)
  }
  return [
    ['include_config_files', all],
    ['include_optional_config_files', optional],
    ['do', doFile],
    ['require', required],
  ]
}

function sourceText(outside: Outside, path: string, at: Position | undefined): string {
  try {
    const text = outside.readFile(path).toString('latin1')
    return text.replace(/^\xef\xbb\xbf/, '').replaceAll('\r\n', '\n')
  } catch (error) {
    throw configError(at, `Config file "${path}" cannot be read: ${errorText(error)}`)
  }
}

/** Parse and evaluate a file's text; its lexical variables and `local` values end with it. */
function runFile(machine: Machine, path: string, text: string): void {
  const outer = {scope: machine.scope, strict: machine.strict, locals: machine.locals}
  machine.scope = {names: new Map(), outer: undefined}
  machine.strict = false
  machine.locals = []
  try {
    const statements = parseFile(new Source(path, text, {strict: false, utf8: false}), (error, skipped) =>
      note(machine, error, skipped.match(NAMES) ?? []),
    )
    const isKnown = (full: string) => hasVariable(machine, full) || machine.lost.has(full.slice(1))
    for (const {full, at} of unknownNames(statements, isKnown)) {
      machine.errors.push(unknownVariable(machine, full, at))
      // said once, not at each use
      machine.scope.names.set(full, newBox(full[0] as Sigil))
    }
    noteRepeated(machine, statements)
    runStatements(machine, statements, (error, statement) => note(machine, error, namesIn(statement)))
  } catch (error) {
    // texts and lists have limits of their own; what is left is the depth of the evaluation
    if (!(error instanceof RangeError)) throw error
    throw configError({file: path, line: 1, column: 1}, `too large or nested too deeply: ${errorText(error)}`)
  } finally {
    for (const restore of machine.locals.reverse()) restore()
    Object.assign(machine, outer)
  }
}

/** What is lost because the file says it again. */
function noteRepeated(machine: Machine, statements: readonly Statement[]): void {
  for (const {what, first, again} of repeatedScalars(statements)) {
    machine.hints.push({at: first, message: `${what} is set again in line ${again.line}: this value is lost`})
  }
  for (const {what, first, again} of repeatedKeys(statements)) {
    const message = `the key "${what}" stood in line ${first.line} already: only this value counts`
    machine.hints.push({at: again, message})
  }
}

/** A name behind `$`, `@`, `%` or inside `${…}`. */
const NAMES = /(?<=[$@%]\{?)[A-Za-z_]\w*/g

/**
 * Remember a mistake and the names in what it cost.
 * @throws the error when it is none of a configuration, or when there is no use in reading on
 */
function note(machine: Machine, error: unknown, lost: readonly string[]): void {
  const problems = problemsOf(error)
  if (!problems || machine.steps < 0 || machine.errors.length >= MISTAKES_LIMIT) throw error
  machine.errors.push(...problems)
  for (const name of lost) machine.lost.add(name)
}

function assignText(machine: Machine, name: string, expression: string, origin: string): void {
  const source = new Source(origin, expression, {strict: false, utf8: true})
  const at = source.position()
  const value = parseExpression(source)
  const target = {type: 'variable' as const, sigil: name[0] as Sigil, name: name.slice(1), at}
  const assignment = {type: 'assign' as const, op: '', target, value, at}
  if (name.startsWith('$')) assignScalar(machine, assignment)
  else assignList(machine, assignment)
  // no file gave it this value
  machine.assigned.delete(machine.variables.get(name)!)
}

/** The outside world of a real machine, but for commands. */
export function testFile(test: string, path: string): string | number | undefined {
  const info = statSync(path, {throwIfNoEntry: false})
  if (!info) return undefined
  switch (test) {
    case 'e':
    case 'r':
      return 1
    case 's':
      return info.size > 0 ? info.size : ''
    case 'z':
      return info.size === 0 ? 1 : ''
    case 'd':
      return info.isDirectory() ? 1 : ''
    case 'f':
      return info.isFile() ? 1 : ''
    case 'S':
      return info.isSocket() ? 1 : ''
    case 'x':
      return (info.mode & 0o111) !== 0 ? 1 : ''
    case 'w':
      return (info.mode & 0o222) !== 0 ? 1 : ''
    default:
      return ''
  }
}
