/**
 * tui/config/quick-check — `config check` without oclif, which takes longer to load than the largest
 * configuration to read.
 *
 * Help, and what is unusual on a command line, is left to the command.
 */
import {parseArgs} from 'node:util'
import {runCheck} from './run-check.ts'

/** @returns the exit status; undefined when the command line is for oclif */
export function quickCheck(args: readonly string[]): number | undefined {
  try {
    const {values, positionals} = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: {type: 'string', short: 'c', multiple: true},
        instance: {type: 'string', short: 'i'},
        json: {type: 'boolean'},
      },
    })
    return runCheck({
      files: [...(values.config ?? []), ...positionals],
      instance: values.instance ?? '',
      ownership: true,
      json: values.json ?? false,
    })
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
      return undefined
    throw error
  }
}
