/**
 * problem — something wrong in a configuration, said so that a person can mend it.
 *
 * One form everywhere: `file:line:column: what was found, what was expected`.
 */
import {AmavisError} from '../errors.ts'

/** A place in a source text; lines and columns count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  /** undefined when no place can be named, as for a command line override */
  readonly at: Position | undefined
  readonly message: string
}

/** `amavisd.conf:41:16: $max_servers: expected a whole number, found "ten"`. */
export function problemText(problem: Problem): string {
  return problem.at ? `${positionText(problem.at)}: ${problem.message}` : problem.message
}

export function positionText(at: Position): string {
  return `${at.file}:${at.line}:${at.column}`
}

/** An error that ends the reading of a file; problemOf gets its problem back. */
export function configError(at: Position | undefined, message: string): AmavisError {
  const problem: Problem = {at, message}
  return new AmavisError('AM_CONFIG', problemText(problem), {cause: problem})
}

/** The problem of an error made by configError; undefined for any other error. */
export function problemOf(error: unknown): Problem | undefined {
  if (!(error instanceof AmavisError) || error.code !== 'AM_CONFIG') return undefined
  const cause = error.cause
  return typeof cause === 'object' && cause !== null && 'message' in cause && 'at' in cause
    ? (cause as Problem)
    : undefined
}
