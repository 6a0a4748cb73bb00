/**
 * load — from files to a snapshot: defaults, files, command line, after-defaults, checks.
 *
 * Runs in the config reader, a process of its own that ends afterwards: files are read synchronously.
 * Diagnostics: every problem names file, line and column where it has one.
 */
import {readdirSync, statSync} from 'node:fs'
import path from 'node:path'
import {applyAfterDefaults, settle} from './after-defaults.ts'
import {checkSettings} from './checks/check.ts'
import {retiredValues} from './checks/retired.ts'
import {checkConfigFile, type Ownership, readBounded} from './file-check.ts'
import {onlyChangesFolder} from './folder-sub.ts'
import {answerCommand, hostFacts} from './host.ts'
import type {Machine, Outside} from './language/machine.ts'
import {type Problem, problemText} from './problem.ts'
import {reachableFrom} from './reachable.ts'
import {createReader, type Reader, testFile} from './reader.ts'
import type {HostFacts, LoadRequest, LoadResult, Override} from './request.ts'
import {obstaclesIn} from './runnable.ts'
import type {Snapshot} from './snapshot.ts'
import {SETTINGS} from './table/table.ts'
import type {Scalar} from './value.ts'

/** Set before the files too, as defaults of others are derived from them. */
const EARLY = new Set(['$MYHOME', '$TEMPBASE', '$QUARANTINEDIR', '$daemon_chroot_dir'])

const DEBIAN_FOLDERS = ['/usr/share/amavis/conf.d', '/etc/amavis/conf.d']
const UPSTREAM_FILE = '/etc/amavisd.conf'

/**
 * The files that are read when none is named: Debian's layers by the run-parts rule, else
 * /etc/amavisd.conf; empty when there is neither, which means the embedded defaults.
 */
export function defaultFiles(): string[] {
  const layers = DEBIAN_FOLDERS.flatMap(runParts)
  if (layers.length > 0) return layers
  return statSync(UPSTREAM_FILE, {throwIfNoEntry: false}) ? [UPSTREAM_FILE] : []
}

/** Files of a folder whose names are of letters, digits, `_` and `-`, in octet order. */
export function runParts(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(name => /^[A-Za-z0-9_-]+$/.test(name))
    return names.sort((a, b) => (a < b ? -1 : 1)).map(name => path.join(folder, name))
  } catch {
    return []
  }
}

/** What reading needs of the file system. */
export interface FileAccess extends Pick<Outside, 'readFile' | 'testFile'> {
  /** what is wrong with a configuration file, after `Config file "F" `; undefined when nothing is */
  checkFile(path: string, ownership: Ownership | undefined): string | undefined
}

const REAL_FILES: FileAccess = {readFile: readBounded, testFile, checkFile: checkConfigFile}

/**
 * Read and check a configuration: all that is wrong with it, not only the first mistake.
 * Source: spec/config, Which files, in which order.
 */
export function loadConfiguration(request: LoadRequest, access: FileAccess = REAL_FILES): LoadResult {
  const host = request.host ?? hostFacts()
  const reading = readConfiguration({...request, host}, access)
  const {machine, snapshot} = reading
  const {files} = snapshot
  const myhostname = machine.variables.get('$myhostname')!
  const at = machine.assigned.get(myhostname)
  const settled = settle(machine.variables, host).map(warning => ({...warning, at}))
  const checked = checkSettings(reading, request.daemon === true)
  const inOrder = (problems: readonly Problem[]) => ordered(problems, files)
  const problems = inOrder([...machine.errors, ...checked.errors])
  const warnings = inOrder([...machine.warnings, ...settled, ...checked.warnings])
  const hints = inOrder([...machine.hints, ...checked.hints])
  if (problems.length > 0)
    return {kind: 'failed', problems, warnings, hints, files, variables: machine.variables}
  return {kind: 'ok', snapshot, warnings, hints, origins: machine.origins}
}

/** In the order of the files and their lines, each once; those without a place last. */
function ordered(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]))
  const rankOf = ({at}: Problem) => (at ? (rank.get(at.file) ?? files.length) : files.length + 1)
  const sorted = [...problems].sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0),
  )
  const seen = new Set<string>()
  return sorted.filter(problem => {
    const text = problemText(problem)
    return !seen.has(text) && seen.add(text)
  })
}

/** A configuration as it was read, mistakes and all. */
export interface Reading {
  /** with `errors`, which say whether everything could be read */
  readonly machine: Machine
  /** defaults of the settings that have no effect */
  readonly retired: ReadonlyMap<string, Scalar>
  readonly snapshot: Snapshot
}

/** Read a configuration: defaults, files, command line, defaults that depend on other settings. */
export function readConfiguration(request: LoadRequest, given: FileAccess = REAL_FILES): Reading {
  const access = request.stubMissing ? withStubs(given) : given
  const host = request.host ?? hostFacts()
  const outside: Outside = {...access, command: text => answerCommand(host, text)}
  const check = (name: string) => access.checkFile(name, request.ownership)
  const reader = createReader(outside, check, request.stubMissing)
  const {machine} = reader
  const overrides = request.overrides ?? []
  setDefaults(reader, request, host)
  machine.warnings.length = 0
  machine.assigned.clear()
  const retired = retiredValues(machine)
  for (const override of overrides) if (EARLY.has(override.name)) setVariable(machine, override)
  for (const file of request.files) if (machine.steps >= 0) reader.readFile(file)
  for (const override of overrides) setVariable(machine, override)
  applyAfterDefaults(reader)
  const hasSubs = checkContents(machine)
  const snapshot = {variables: machine.variables, files: [...reader.files], hasSubs}
  return {machine, retired, snapshot}
}

/** Their subs that change to a folder are understood without being run. */
const SCANNERS = new Set(['@av_scanners', '@av_scanners_backup'])

/** What cannot leave this process, and subs that could not be run later; whether there are any to run. */
function checkContents(machine: Machine): boolean {
  const {tooDeep, subs} = reachableFrom(machine.variables)
  if (tooDeep !== undefined) {
    const at = machine.assigned.get(machine.variables.get(tooDeep)!)
    machine.errors.push({at, message: `${tooDeep} holds data that is nested too deeply`})
  }
  for (const {body} of subs.keys()) if (body?.kind === 'program') machine.errors.push(...obstaclesIn(body))
  return [...subs].some(([code, name]) => !SCANNERS.has(name) || !onlyChangesFolder(code))
}

/** Files that tables are read from, empty where they do not exist. */
function withStubs(access: FileAccess): FileAccess {
  return {
    ...access,
    readFile(name) {
      if (access.testFile('e', name) !== undefined) return access.readFile(name)
      return Buffer.from(path.basename(name) === 'charset' ? 'UTF-8' : '')
    },
  }
}

function setDefaults(reader: Reader, request: LoadRequest, host: HostFacts): void {
  const {machine} = reader
  machine.triesRegexps = false // a third of the time in which a small configuration is read
  for (const setting of SETTINGS) {
    if (setting.default !== undefined)
      reader.assign(setting.name, setting.default, `default of ${setting.name}`)
  }
  machine.triesRegexps = true
  const node = host.hostname.includes('.') ? host.hostname : host.fqdn
  setVariable(machine, {name: '$myhostname', value: node})
  if (host.inet6 === false) {
    setVariable(machine, {name: '$have_inet6', value: 0})
    setVariable(machine, {name: '$inet_socket_bind', value: '127.0.0.1'})
  }
  setVariable(machine, {name: '$instance_name', value: request.instance ?? ''})
  const environment = Object.entries(request.env ?? process.env).filter(([, value]) => value !== undefined)
  const entries = new Map<string, Scalar>(environment)
  entries.set('PATH', '/bin:/usr/bin')
  machine.variables.set('%ENV', {kind: 'hash', entries})
  machine.variables.set('$0', {kind: 'scalar', value: 'amavis'})
  setBuiltInBank(machine)
}

/** The bank named '': a live reference to every setting that a bank can have, by its bare name. */
function setBuiltInBank(machine: Machine): void {
  const entries = new Map<string, Scalar>()
  for (const {name, bank} of SETTINGS) {
    const box = machine.variables.get(name)
    if (bank === 'yes' && box) entries.set(name.slice(1), {kind: 'ref', to: box})
  }
  const banks = machine.variables.get('%policy_bank')
  if (banks?.kind === 'hash') banks.entries.set('', {kind: 'ref', to: {kind: 'hash', entries}})
}

function setVariable(machine: Machine, {name, value}: Override): void {
  const box = machine.variables.get(name)
  if (box?.kind === 'scalar') box.value = Array.isArray(value) ? value[0] : (value as Scalar)
  else if (box?.kind === 'array') box.items = Array.isArray(value) ? [...value] : [value as Scalar]
}
