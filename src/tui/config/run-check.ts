/**
 * tui/config/run-check — `config check`, with oclif's reading of the command line or without.
 *
 * Loading oclif takes longer than reading the largest configuration, so bin/main.js comes here directly; what
 * is unusual on a command line, and help, is left to the command.
 */
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {checkFiles} from '../../config/check-files.ts'
import {defaultFiles} from '../../config/load.ts'
import {createTheme} from '../theme.ts'
import {columnsOf} from './lines.ts'
import {problemJson, problemPage} from './problem-page.ts'

export interface CheckOptions {
  /** none: those that the daemon would read */
  readonly files: readonly string[]
  readonly instance: string
  readonly ownership: boolean
  readonly json: boolean
}

/** Check and print. @returns the exit status */
export function runCheck({files, instance, ownership, json}: CheckOptions): number {
  const named = files.map(file => path.resolve(file))
  const result = checkFiles({files: named.length > 0 ? named : defaultFiles(), instance}, ownership)
  const style = {theme: createTheme(process.env), columns: columnsOf(process.stdout), lineOf: lineReader()}
  const page = json ? JSON.stringify(problemJson(result), undefined, 2) : problemPage(result, style)
  process.stdout.write(`${page}\n`)
  return result.errors.length > 0 ? 1 : 0
}

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

/** Lines of files, each file read once. */
function lineReader(): (file: string, line: number) => string | undefined {
  const files = new Map<string, readonly string[]>()
  return (file, line) => {
    let lines = files.get(file)
    if (!lines) {
      try {
        lines = readFileSync(file, 'latin1').split(/\r?\n/)
      } catch {
        lines = []
      }
      files.set(file, lines)
    }
    return lines[line - 1]
  }
}
