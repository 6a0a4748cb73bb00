/**
 * regexp — Perl's regular expressions, matched by JavaScript's within bounded time.
 *
 * A regexp is translated when it is first used, once for each kind of subject that it meets. Time is bounded
 * in two ways: V8's linear engine takes over where the usual one goes back and forth without end, and what
 * that engine cannot run is watched by a clock where its form makes endless work possible.
 * Source: spec/config, Regular expressions.
 */
import v8 from 'node:v8'
import {AmavisError, errorText} from '../errors.ts'
import {withinTime} from './regexp-clock.ts'
import {malformed, type SubjectKind, type Translation, translateRegexp} from './regexp-translate.ts'
import type {Regexp} from './value.ts'

/** Longest time that one match may take, for patterns that need a clock. */
const MATCH_MS = 250
/** From this length on, two loops in a row are worth a clock. */
const LONG_SUBJECT = 1000

export interface FoundMatch {
  readonly index: number
  /** the whole match, then the captures; undefined where a group took no part */
  readonly groups: readonly (string | undefined)[]
}

export interface CompiledRegexp {
  /** Throws as `match` does. */
  test(subject: string): boolean
  /**
   * The whole match, then the captures (undefined where a group took no part); undefined: no match.
   * @throws AmavisError AM_CONFIG when matching takes too long, which is an error for the mail in hand
   */
  match(subject: string): readonly (string | undefined)[] | undefined
  /** The first match that begins at `from` or behind it. Throws as `match` does. */
  matchFrom(subject: string, from: number): FoundMatch | undefined
}

/** `(?^i:…)`, as Perl prints a regexp: a comment at the end of one with `x` must not hide the parenthesis. */
export function regexpText(re: Regexp): string {
  const runsOn = re.flags.includes('x') && /(?:^|[^\\])#[^\n]*$/.test(re.pattern)
  return `(?^${re.flags}:${re.pattern}${runsOn ? '\n' : ''})`
}

/**
 * Translate a regexp; the empty pattern matches everything.
 * @throws AmavisError AM_CONFIG naming what JavaScript has no equal for, or what is malformed
 */
export function compileRegexp(re: Regexp): CompiledRegexp {
  const alwaysWide = SAYS_CHARACTERS.test(re.pattern)
  const usual = new Variant(re, {plain: true, wide: alwaysWide})
  const others: (Variant | undefined)[] = []
  const variantFor = (subject: string): Variant => {
    const plain = !usual.needsPlain || isPlain(subject)
    const wide = alwaysWide || isWide(subject)
    if (plain && wide === alwaysWide) return usual
    const index = (plain ? 1 : 0) + (wide ? 2 : 0)
    others[index] ??= new Variant(re, {plain, wide})
    return others[index]
  }
  return {
    test: subject => variantFor(subject).test(subject),
    match: subject => variantFor(subject).match(subject, 0)?.groups,
    matchFrom: (subject, from) => variantFor(subject).match(subject, from),
  }
}

/** What in a pattern makes Perl take every subject as characters. */
const SAYS_CHARACTERS = /\\[pP]|\\N\{\s*U\+|\\x\{0*[1-9A-Fa-f][0-9A-Fa-f]{2}|[^\x00-\xff]/

function isPlain(subject: string): boolean {
  return !subject.endsWith('\n') && !/[\r\u2028\u2029]/.test(subject)
}

function isWide(subject: string): boolean {
  return /[^\x00-\xff]/.test(subject)
}

/** A translation for one kind of subject. */
class Variant {
  readonly needsPlain: boolean
  readonly #regexp: RegExp
  readonly #pattern: string
  readonly #translation: Translation

  constructor(re: Regexp, kind: SubjectKind) {
    this.#translation = translateRegexp(re.pattern, re.flags, kind)
    this.needsPlain = this.#translation.needsPlain
    this.#pattern = re.pattern
    turnOnLinearEngine()
    const {source, sticky, keep} = this.#translation
    try {
      this.#regexp = new RegExp(source, `${sticky ? 'y' : 'g'}${keep === undefined ? '' : 'd'}`)
    } catch (error) {
      throw malformed(re.pattern, errorText(error))
    }
  }

  test(subject: string): boolean {
    const regexp = this.#regexp
    regexp.lastIndex = 0
    return this.#guarded(subject, () => regexp.test(subject))
  }

  match(subject: string, from: number): FoundMatch | undefined {
    const regexp = this.#regexp
    regexp.lastIndex = from
    const found = this.#guarded(subject, () => regexp.exec(subject))
    if (!found) return undefined
    const {groups, keep} = this.#translation
    const index = (keep && found.indices?.[keep]?.[0]) ?? found.index
    const whole = found[0].slice(index - found.index)
    return {index, groups: [whole, ...groups.map(group => found[group])]}
  }

  #guarded<T>(subject: string, match: () => T): T {
    const {linear, nested, loops} = this.#translation
    if (linear || !(nested || loops > 2 || (loops > 1 && subject.length > LONG_SUBJECT))) return match()
    return withinTime(match, MATCH_MS, () => {
      const pattern = this.#pattern.length > 100 ? `${this.#pattern.slice(0, 100)}…` : this.#pattern
      return new AmavisError(
        'AM_CONFIG',
        `the regular expression "${pattern}" took longer than ${MATCH_MS} ms`,
      )
    })
  }
}

let engineChosen = false

/** V8 reads this flag when it compiles an expression; without it the linear engine is never used. */
function turnOnLinearEngine(): void {
  if (engineChosen) return
  engineChosen = true
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}
