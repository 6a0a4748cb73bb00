/**
 * language/unknown-function — functions that configurations do not have, and what to write instead.
 *
 * What reaches out of a configuration is refused by name: commands, files of its own, sockets, modules.
 */
import type {AmavisError} from '../../errors.ts'
import {nearestName} from '../nearest.ts'
import {type Position, refusal} from '../problem.ts'
import {LIST_FUNCTIONS} from './list-functions.ts'
import type {Machine} from './machine.ts'
import {TEXT_FUNCTIONS} from './text-functions.ts'
import {TIME_FUNCTIONS} from './time-functions.ts'
import {VARIABLE_FUNCTIONS} from './variable-functions.ts'

const FILES = 'read_array(FILE) gives the lines of a file, read_hash(FILE) a table, read_text(FILE) its text'
const COMMANDS = 'write what the command would say'
const CHANGES = 'a configuration changes nothing but settings'

const INSTEAD: Readonly<Record<string, string>> = {
  open: FILES,
  opendir: FILES,
  sysopen: FILES,
  readline: FILES,
  close: FILES,
  glob: 'name the files one by one, as in include_config_files(FILE, FILE)',
  system: COMMANDS,
  exec: COMMANDS,
  fork: COMMANDS,
  eval: 'a text is not run: write its statements, within eval {…} where their errors do not matter',
  exit: 'return ends a file early, die refuses it',
  chdir: 'write file names in full',
  umask: 'the process manager sets it, as UMask= of systemd does',
  pack: 'write the octets in a text: "\\x41\\x42"',
  unlink: CHANGES,
  mkdir: CHANGES,
  rename: CHANGES,
  chmod: CHANGES,
  chown: CHANGES,
}

/** Perl's functions that a bare word means even without arguments, and that are never a text. */
const BARE = new Set(
  'wantarray caller wait getppid sleep rand srand stat lstat readlink bless unpack getlogin getpwuid getpwnam getgrnam getgrgid'.split(
    ' ',
  ),
)

export function isPerlFunction(name: string): boolean {
  return BARE.has(name) || Object.hasOwn(INSTEAD, name)
}

/** What is said of a call that cannot be made. */
export function unknownFunction(machine: Machine, name: string, at: Position): AmavisError {
  const message = `the function "${name}" cannot be called in a configuration`
  if (Object.hasOwn(INSTEAD, name)) return refusal(at, message, INSTEAD[name])
  const tables = [
    TEXT_FUNCTIONS,
    LIST_FUNCTIONS,
    VARIABLE_FUNCTIONS,
    TIME_FUNCTIONS,
    machine.builtins,
    machine.subs,
  ]
  const near = nearestName(
    name,
    tables.flatMap(table => [...table.keys()]),
  )
  return refusal(at, message, near === undefined ? undefined : `did you mean ${near}?`)
}
