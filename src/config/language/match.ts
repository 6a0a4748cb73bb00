/**
 * language/match — regexp values, and matching while a file is read.
 */
import {errorText} from '../../errors.ts'
import {isTrue} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import {type CompiledRegexp, compileRegexp, type FoundMatch} from '../regexp.ts'
import type {Regexp, Scalar} from '../value.ts'
import type {Expr, Match} from './ast.ts'
import {textOf} from './convert.ts'
import {scalarOf} from './evaluate.ts'
import {countSteps, countText, type Machine, setSpecial} from './machine.ts'
import {placeOf} from './place.ts'

/** What a new regexp value, whose place is remembered, costs in steps. */
const VALUE_STEPS = 12

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
    if (typeof value === 'object' && value.kind === 're') return value
  }
  const re: Regexp = {kind: 're', pattern: textOf(scalarOf(machine, pattern)), flags: keptFlags(flags)}
  countSteps(machine, VALUE_STEPS, at)
  machine.origins.markRegexp(re, at)
  // what cannot be matched is found now, and not when mail comes
  if (machine.triesRegexps) compiledAt(machine, re, at)
  return re
}

/** A match in list context: its captures, or 1 when it has none; with `/g` those of all matches. */
export function matchValues(machine: Machine, expr: Match): readonly Scalar[] {
  if (expr.replacement !== undefined || expr.negate) return [matchValue(machine, expr)]
  const {compiled, subject} = prepared(machine, expr)
  const values: Scalar[] = []
  for (const {groups} of matchesIn(compiled, subject)) {
    setCaptures(machine, groups)
    const [whole, ...captures] = groups
    if (!expr.flags.includes('g')) return captures.length === 0 ? [1] : captures
    values.push(...(captures.length === 0 ? [whole] : captures))
    countSteps(machine, 1 + captures.length, expr.at)
  }
  return values
}

function prepared(machine: Machine, expr: Match): {compiled: CompiledRegexp; subject: string} {
  const re = regexpValue(machine, expr.pattern, expr.flags, expr.at)
  const target: Expr = expr.target ?? {type: 'variable', sigil: '$', name: '_', at: expr.at}
  const subject = textOf(scalarOf(machine, target))
  countText(machine, subject.length, expr.at)
  return {compiled: compiledAt(machine, re, expr.at), subject}
}

/** `=~ /…/` and `=~ s/…/…/`; captures go to `$1` and so on. */
export function matchValue(machine: Machine, expr: Match): Scalar {
  if (expr.replacement !== undefined) {
    const re = regexpValue(machine, expr.pattern, expr.flags, expr.at)
    const target: Expr = expr.target ?? {type: 'variable', sigil: '$', name: '_', at: expr.at}
    return substituted(machine, expr, target, compiledAt(machine, re, expr.at), expr.replacement)
  }
  const {compiled, subject} = prepared(machine, expr)
  if (expr.flags.includes('g') && !expr.negate) return nextMatch(machine, expr, compiled, subject)
  const found = compiled.match(subject)
  if (found) setCaptures(machine, found)
  return (found !== undefined) !== expr.negate ? 1 : ''
}

/** `while ($x =~ /…/g)`: where the last match of this expression ended, as long as the text is the same. */
const ends = new WeakMap<Match, {subject: string; at: number}>()

function nextMatch(machine: Machine, expr: Match, compiled: CompiledRegexp, subject: string): Scalar {
  const last = ends.get(expr)
  const from = last?.subject === subject ? last.at : 0
  const found = from > subject.length ? undefined : compiled.matchFrom(subject, from)
  if (!found) {
    ends.delete(expr)
    return ''
  }
  setCaptures(machine, found.groups)
  const end = found.index + found.groups[0]!.length
  ends.set(expr, {subject, at: end > from || found.index > from ? end : end + 1})
  return 1
}

/** What a regexp costs to make ready, in steps, beside its length; and how many are kept ready. */
const REGEXP_STEPS = 60
const KEPT_REGEXPS = 1000

/** A regexp ready for use, its error with its place. */
export function compiledAt(machine: Machine, re: Regexp, at: Position): CompiledRegexp {
  const key = `${re.flags}/${re.pattern}`
  const known = machine.regexps.get(key)
  if (known) return known
  countSteps(machine, REGEXP_STEPS + Math.floor(re.pattern.length / 8), at)
  let compiled: CompiledRegexp
  try {
    compiled = compileRegexp(re)
  } catch (error) {
    throw configError(at, errorText(error))
  }
  if (machine.regexps.size >= KEPT_REGEXPS) machine.regexps.clear()
  machine.regexps.set(key, compiled)
  return compiled
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
  for (let i = found.length; machine.specials.delete(`$${i}`); i++);
  for (const [i, value] of found.entries()) setSpecial(machine, i === 0 ? '$&' : `$${i}`, value)
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
  countText(machine, subject.length, expr.at)
  const pieces: string[] = []
  let count = 0
  let from = 0
  for (const found of matchesIn(compiled, subject)) {
    count++
    countSteps(machine, 1, expr.at)
    setCaptures(machine, found.groups)
    pieces.push(subject.slice(from, found.index), textOf(scalarOf(machine, replacement)))
    from = found.index + found.groups[0]!.length
    if (!expr.flags.includes('g')) break
  }
  const fresh = pieces.join('') + subject.slice(from)
  countText(machine, fresh.length, expr.at)
  if (expr.flags.includes('r')) return fresh
  if (count > 0) place.set(fresh)
  return isTrue(count) ? count : ''
}
