/**
 * language/match — regexp values, and matching while a file is read.
 */
import {errorText} from '../../errors.ts'
import {isTrue} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import {type CompiledRegexp, compileRegexp, type FoundMatch, isMalformed} from '../regexp.ts'
import type {Regexp, Scalar} from '../value.ts'
import type {Expr, Match} from './ast.ts'
import {textOf} from './convert.ts'
import {scalarOf} from './evaluate.ts'
import type {Machine} from './machine.ts'
import {placeOf} from './place.ts'

/** The flags that a regexp keeps, in the order in which Perl prints them. */
function keptFlags(flags: string): string {
  return [...'msix'].filter(flag => flags.includes(flag)).join('')
}

/** `qr/…/`: a pattern that is a regexp value alone stays that value. */
export function regexpValue(machine: Machine, pattern: Expr, flags: string, at: Position): Regexp {
  const unknown = flags.replace(/[msixopgcaudlnr]/g, '')
  if (unknown !== '') throw configError(at, `unknown regular expression flag "${unknown[0]}"`)
  const only = pattern.type === 'template' && pattern.parts.length === 1 ? pattern.parts[0] : pattern
  if (only !== undefined && typeof only !== 'string' && only.type !== 'case' && only.type !== 'constant') {
    const value = scalarOf(machine, only)
    if (typeof value === 'object' && value.kind === 're' && keptFlags(flags) === '') return value
  }
  const re: Regexp = {kind: 're', pattern: textOf(scalarOf(machine, pattern)), flags: keptFlags(flags)}
  machine.origins.markRegexp(re, at)
  warnOfUnusable(machine, re, at)
  return re
}

/** What JavaScript has no equal for is an error only for what uses it; here it is worth a warning. */
function warnOfUnusable(machine: Machine, re: Regexp, at: Position): void {
  try {
    compileRegexp(re)
  } catch (error) {
    if (isMalformed(error)) throw configError(at, errorText(error))
    machine.warnings.push({at, message: errorText(error)})
  }
}

/** `=~ /…/` and `=~ s/…/…/`; captures go to `$1` and so on. */
export function matchValue(machine: Machine, expr: Match): Scalar {
  const re = regexpValue(machine, expr.pattern, expr.flags, expr.at)
  const compiled = compiledAt(re, expr.at)
  const target: Expr = expr.target ?? {type: 'variable', sigil: '$', name: '_', at: expr.at}
  if (expr.replacement !== undefined) return substituted(machine, expr, target, compiled, expr.replacement)
  const found = compiled.match(textOf(scalarOf(machine, target)))
  if (found) setCaptures(machine, found)
  return (found !== undefined) !== expr.negate ? 1 : ''
}

function compiledAt(re: Regexp, at: Position): CompiledRegexp {
  try {
    return compileRegexp(re)
  } catch (error) {
    throw configError(at, errorText(error))
  }
}

/** All matches from left to right; behind an empty one the search goes on at the next character. */
export function* matchesIn(
  compiled: CompiledRegexp,
  subject: string,
): Generator<FoundMatch, void, undefined> {
  for (let from = 0; from <= subject.length; ) {
    const found = compiled.matchFrom(subject, from)
    if (!found) return
    yield found
    const {length} = found.groups[0]!
    from = found.index + Math.max(length, 1)
  }
}

function setCaptures(machine: Machine, found: readonly (string | undefined)[]): void {
  for (const [i, value] of found.entries()) {
    machine.variables.set(i === 0 ? '$&' : `$${i}`, {kind: 'scalar', value})
  }
}

function substituted(
  machine: Machine,
  expr: Match,
  target: Expr,
  compiled: CompiledRegexp,
  replacement: Expr,
): Scalar {
  const place = placeOf(machine, target)
  const subject = textOf(place.get())
  const pieces: string[] = []
  let count = 0
  let from = 0
  for (const found of matchesIn(compiled, subject)) {
    count++
    setCaptures(machine, found.groups)
    pieces.push(subject.slice(from, found.index), textOf(scalarOf(machine, replacement)))
    from = found.index + found.groups[0]!.length
    if (!expr.flags.includes('g')) break
  }
  const fresh = pieces.join('') + subject.slice(from)
  if (expr.flags.includes('r')) return fresh
  if (count > 0) place.set(fresh)
  return isTrue(count) ? count : ''
}
