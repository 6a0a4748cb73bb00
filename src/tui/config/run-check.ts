/**
 * tui/config/run-check — what `config check` does, once its command line is read.
 */
import {readFileSync} from 'node:fs'
import path from 'node:path'
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
