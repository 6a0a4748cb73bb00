/**
 * problem — something wrong in a configuration, said so that a person can mend it.
 *
 * One form everywhere: `file:line:column: what was found, what was expected`.
 */
import {AmavisError} from '../errors.ts'
import type {Scalar} from './value.ts'

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
  /** what to do about it, as an order or a question: "did you mean $max_servers?" */
  readonly help?: string
  /** `eval {…}` does not catch it */
  readonly final?: true
  /** what `die` was given, for `$@` */
  readonly thrown?: Scalar
}

/** `amavisd.conf:41:16: $max_servers: expected a whole number, found "ten" (write the number in digits)`. */
export function problemText({at, message, help}: Problem): string {
  const text = help === undefined ? message : `${message} (${help})`
  return at ? `${positionText(at)}: ${text}` : text
}

export function positionText(at: Position): string {
  return `${at.file}:${at.line}:${at.column}`
}

/** An error that ends the reading of a file; problemsOf gets its problem back. */
export function configError(at: Position | undefined, message: string, help?: string): AmavisError {
  return configErrors([help === undefined ? {at, message} : {at, message, help}])
}

/**
 * An error that ends the reading of a file even within `eval {…}`: what is asked for cannot be had here, and
 * a configuration that goes on without it would not be the one that was written.
 */
export function refusal(at: Position | undefined, message: string, help?: string): AmavisError {
  const problem: Problem = help === undefined ? {at, message} : {at, message, help}
  return configErrors([{...problem, final: true}])
}

/** One error for several problems, of which there is at least one. */
export function configErrors(problems: readonly Problem[]): AmavisError {
  return new AmavisError('AM_CONFIG', problems.map(problemText).join('\n'), {cause: problems})
}

/** The problems of an error made by configError; undefined for any other error. */
export function problemsOf(error: unknown): readonly Problem[] | undefined {
  const isOurs = error instanceof AmavisError && error.code === 'AM_CONFIG' && Array.isArray(error.cause)
  return isOurs ? (error.cause as Problem[]) : undefined
}
