/**
 * quick-start — start, foreground and debug without oclif, which would be a good part of the time until
 * the first mail can come.
 *
 * Reads only command lines that are plainly right; for help, and to say what is wrong, oclif is loaded.
 */
import {type ParseArgsConfig, parseArgs} from 'node:util'
import type {DaemonOptions} from '../options.ts'
import {daemonOptions} from './daemon-options.ts'
import {DAEMON_FLAGS, type FlagRow} from './flag-table.ts'
import {startDaemon} from './start-daemon.ts'

const MODES: Readonly<Record<string, DaemonOptions['mode']>> = {
  start: 'daemon',
  foreground: 'foreground',
  debug: 'debug',
}

/**
 * Do what a command line asks, if it is one of these.
 * @returns the exit status; undefined when this is for oclif
 */
export async function quickStart([command = '', ...args]: readonly string[]): Promise<number | undefined> {
  const mode = MODES[command]
  const flags = mode && readFlags(args)
  return mode && flags ? await startDaemon(daemonOptions(flags, mode)) : undefined
}

/** @returns undefined when anything about the command line is unusual */
export function readFlags(args: readonly string[]): Record<string, unknown> | undefined {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const {name, char, kind} of DAEMON_FLAGS) {
    options[name] = {
      type: kind === 'switch' ? 'boolean' : 'string',
      multiple: kind === 'texts',
      ...(char !== undefined && {short: char}),
    }
  }
  try {
    const {values} = parseArgs({args: [...args], options, strict: true, allowNegative: true})
    return Object.fromEntries(
      DAEMON_FLAGS.filter(({name}) => values[name] !== undefined).map(row => [
        row.name,
        readValue(row, values[row.name]),
      ]),
    )
  } catch {
    return undefined
  }
}

/** @throws when it is not one that the option takes */
function readValue({kind, options}: FlagRow, value: unknown): unknown {
  if (kind === 'number' && !/^[1-9]\d*$/.test(String(value))) throw new RangeError('not a number')
  if (options && Array.isArray(value) && !value.every(one => options.includes(String(one)))) {
    throw new RangeError('not an option')
  }
  return kind === 'number' ? Number(value) : value
}
