/**
 * run-sub — runs the subs of a configuration while mail is handled: look-up tables, ACTION of a bank, tags.
 *
 * Each run has a machine of its own over the variables of the configuration, a bounded number of steps, and
 * no way to files or commands; it was seen when the configuration was read that it needs none
 * (runnable.ts). Children load this only where a configuration has such subs.
 */
import {LOOKUP_OBJECTS} from './helpers/lookup-objects.ts'
import {TEXT_HELPERS} from './helpers/text-helpers.ts'
import {textOf} from './language/convert.ts'
import {type Builtin, type Machine, newMachine} from './language/machine.ts'
import {callSub} from './language/sub.ts'
import {type Position, refusal} from './problem.ts'
import {type Accessor, readSetting} from './setting-access.ts'
import type {RunSub, Settings} from './settings.ts'
import type {Snapshot} from './snapshot.ts'

/** Statements, list values and octets of text (64 to a step) that one run may cost: some 20 ms. */
const STEPS = 100_000

const NO_OUTSIDE: Machine['outside'] = {
  readFile() {
    throw refusal(undefined, 'a sub reads no files')
  },
  testFile: () => undefined,
  command: () => undefined,
}

/** What every run can call; `c`, `cr` and `ca` come with the settings in force. */
const COMMON: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...LOOKUP_OBJECTS,
  ...TEXT_HELPERS,
  // around a command-line scanner; each runs in a folder of its own anyway
  ['chdir', () => [1]],
  ['do_log', () => []],
])

/** Names of the functions that a sub can call when mail is handled, beside those of the language itself. */
export const RUN_FUNCTIONS: ReadonlySet<string> = new Set([...COMMON.keys(), 'c', 'cr', 'ca'])

/** Runs the subs of this configuration. */
export function subRunner(snapshot: Snapshot): RunSub {
  return (code, args, settings) => {
    const at = placeOf(code.body?.kind === 'program' ? code.body.at : '')
    return callSub(machineFor(snapshot, settings), code, args, 'list', at)
  }
}

function machineFor({variables}: Snapshot, settings: Settings): Machine {
  const access = (accessor: Accessor): [string, Builtin] => [
    accessor,
    (_, [name]) => [readSetting(settings, accessor, textOf(name))],
  ]
  return newMachine({
    variables,
    outside: NO_OUTSIDE,
    builtins: new Map([...COMMON, access('c'), access('cr'), access('ca')]),
    specials: new Map(),
    steps: STEPS,
  })
}

function placeOf(text: string): Position {
  const [, file = text, line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(text) ?? []
  return {file, line: Number(line), column: Number(column)}
}
