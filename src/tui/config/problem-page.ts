/**
 * tui/config/problem-page — what `config check` says, for a person.
 *
 *   error: there is no setting $max_servrs
 *     --> /etc/amavis/conf.d/50-user:12:1
 *      |
 *   12 | $max_servrs = 4;
 *      | ^^^^^^^^^^^
 *      = did you mean $max_servers?
 *
 *   1 error in 11 files: the daemon would not start
 *
 * Errors come first, then warnings, then hints, each in the order of the files.
 */
import type {Problem} from '../../config/problem.ts'
import {positionText} from '../../config/problem.ts'
import {wrap} from '../../config/show/wrap.ts'
import type {Theme} from '../theme.ts'
import {excerpt} from './excerpt.ts'
import {counted} from './lines.ts'

export interface CheckResult {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  readonly hints: readonly Problem[]
  readonly files: readonly string[]
}

export interface PageStyle {
  readonly theme: Theme
  readonly columns: number
  /** a line of a file, its octets as Latin-1; undefined when it cannot be read */
  readonly lineOf: (file: string, line: number) => string | undefined
}

export function problemPage(result: CheckResult, style: PageStyle): string {
  const {status} = style.theme
  const levels = [
    ['error', status.error, result.errors],
    ['warning', status.warning, result.warnings],
    ['hint', style.theme.key, result.hints],
  ] as const
  const blocks = levels.flatMap(([word, paint, problems]) =>
    problems.map(problem => problemBlock(word, paint, problem, style)),
  )
  return [...blocks, summary(result, style)].join('\n\n')
}

function problemBlock(
  word: string,
  paint: Theme['key'],
  {at, message, help}: Problem,
  {theme, columns, lineOf}: PageStyle,
): string {
  const title = wrap(message, columns, '  ', word.length + 2)
  const lines = [`${paint(word)}: ${theme.title(title)}`]
  const indent = ' '.repeat(at ? `${at.line}`.length : 1)
  if (at) {
    lines.push(`${indent} ${theme.faint('-->')} ${positionText(at)}`)
    const line = lineOf(at.file, at.line)
    if (line !== undefined && word !== 'hint')
      lines.push(excerpt(at, line, {faint: theme.faint, mark: paint, columns}))
  }
  if (help !== undefined) {
    const text = wrap(help, columns, `${indent}    `, indent.length + 4)
    lines.push(`${indent}  ${theme.faint('=')} ${text}`)
  }
  return lines.join('\n')
}

function summary({errors, warnings, hints, files}: CheckResult, {theme, columns}: PageStyle): string {
  const more = [
    warnings.length > 0 && counted(warnings.length, 'warning'),
    hints.length > 0 && counted(hints.length, 'hint'),
  ].filter(text => text !== false)
  const read = files.length === 0 ? 'no files, the built-in defaults' : counted(files.length, 'file')
  if (errors.length > 0) {
    const counts = [counted(errors.length, 'error'), ...more].join(', ')
    return wrap(`${theme.status.error(counts)} in ${read}: the daemon would not start`, columns, '  ')
  }
  const counts = more.length > 0 ? `, ${more.join(', ')}` : ''
  return `${theme.status.ok('good')}: ${read}, no errors${counts}`
}

/** The same for programs. */
export function problemJson({errors, warnings, hints, files}: CheckResult): unknown {
  const entry = (severity: string) => (problem: Problem) => ({
    severity,
    file: problem.at?.file ?? null,
    line: problem.at?.line ?? null,
    column: problem.at?.column ?? null,
    message: problem.message,
    help: problem.help ?? null,
  })
  return {
    ok: errors.length === 0,
    files_read: files,
    problems: [...errors.map(entry('error')), ...warnings.map(entry('warning')), ...hints.map(entry('hint'))],
  }
}
