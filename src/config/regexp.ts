/**
 * regexp — Perl's regular expressions as JavaScript's.
 *
 * `^ $ . \s \A \z \Z` are written out so that they mean what Perl means, whatever the flags; only `i` is
 * left to JavaScript. `(?i)` in the middle becomes a group up to the end of its own, atomic groups a
 * look-ahead with a back-reference. What cannot be said in JavaScript is an error that names it.
 * Source: spec/config, Regular expressions; perlre.
 */
import {AmavisError, errorText} from '../errors.ts'
import {translateClass, translateEscape} from './regexp-escape.ts'
import type {Regexp} from './value.ts'

export interface CompiledRegexp {
  test(subject: string): boolean
  /** the whole match, then the captures (undefined where a group took no part); undefined: no match */
  match(subject: string): readonly (string | undefined)[] | undefined
  /** for substitutions: a RegExp whose captures are those of the original unless it has atomic groups */
  readonly regexp: RegExp
}

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
  readonly x: boolean
}

/** One level of parentheses while translating. */
interface Group {
  flags: Flags
  /** `(?i:` wrappers opened by `(?i)` that the group's end, and every `|`, must close */
  wrappers: string[]
  readonly close: string
}

/** `(?^i:…)`, as Perl prints a regexp. */
export function regexpText(re: Regexp): string {
  return `(?^${re.flags}:${re.pattern})`
}

/**
 * Translate a regexp; the empty pattern matches everything.
 * @throws AmavisError AM_CONFIG naming what JavaScript has no equal for, or what is malformed
 */
export function compileRegexp(re: Regexp): CompiledRegexp {
  const {source, atomics} = translateRegexp(re.pattern, re.flags)
  let regexp: RegExp
  try {
    regexp = new RegExp(source, re.flags.includes('i') ? 'i' : '')
  } catch (error) {
    throw malformed(re.pattern, errorText(error))
  }
  return {
    regexp,
    test: subject => regexp.test(subject),
    match(subject) {
      const found = regexp.exec(subject)
      if (!found) return undefined
      return atomics.size === 0 ? found : found.filter((_, index) => !atomics.has(index))
    },
  }
}

/** The JavaScript source, and which of its groups stand for atomic groups and not for captures. */
export function translateRegexp(
  pattern: string,
  flagLetters: string,
): {source: string; atomics: ReadonlySet<number>} {
  return new Translation(pattern, flagLetters).run()
}

/** Whether an error of compileRegexp says that no regexp engine could take it. */
export function isMalformed(error: unknown): boolean {
  return error instanceof AmavisError && error.cause === 'malformed'
}

function malformed(pattern: string, what: string): AmavisError {
  return new AmavisError('AM_CONFIG', `the regular expression "${pattern}" is malformed: ${what}`, {
    cause: 'malformed',
  })
}

const ATOM_END = /(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})/y

class Translation {
  readonly #pattern: string
  readonly #groups: Group[]
  readonly #atomics = new Set<number>()
  #at = 0
  #out = ''
  /** where the last atom begins in the output; undefined where no quantifier may follow */
  #atom: number | undefined
  #captures = 0
  /** where each open group begins in the output */
  readonly #starts: number[] = []

  constructor(pattern: string, letters: string) {
    this.#pattern = pattern
    const flags = {
      i: letters.includes('i'),
      m: letters.includes('m'),
      s: letters.includes('s'),
      x: letters.includes('x'),
    }
    this.#groups = [{flags, wrappers: [], close: ''}]
  }

  run(): {source: string; atomics: ReadonlySet<number>} {
    while (this.#at < this.#pattern.length) this.#step()
    if (this.#groups.length > 1) throw malformed(this.#pattern, 'a "(" has no ")"')
    return {source: this.#out + ')'.repeat(this.#groups[0]!.wrappers.length), atomics: this.#atomics}
  }

  get #group(): Group {
    return this.#groups.at(-1)!
  }

  #step(): void {
    const char = this.#pattern[this.#at]!
    const {flags} = this.#group
    switch (char) {
      case '\\': {
        const piece = translateEscape(this.#pattern, this.#at, this.#captures)
        if (piece.kind !== 'text') throw this.#unsupported(piece.what)
        this.#at += piece.length
        this.#emit(piece.text)
        return
      }
      case '[': {
        const found = translateClass(this.#pattern, this.#at)
        if (found.kind === 'malformed') throw malformed(this.#pattern, found.what)
        if (found.kind !== 'text') throw this.#unsupported(found.what)
        this.#at += found.length
        this.#emit(found.text)
        return
      }
      case '(':
        this.#open()
        return
      case ')':
        this.#close()
        return
      case '|': {
        this.#at++
        const {wrappers} = this.#group
        this.#out += `${')'.repeat(wrappers.length)}|${wrappers.join('')}`
        this.#atom = undefined
        return
      }
      case '^':
        this.#take(flags.m ? '(?<![^\\n])' : '(?<![\\s\\S])')
        return
      case '$':
        this.#take(flags.m ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))')
        return
      case '.':
        this.#take(flags.s ? '[\\s\\S]' : '[^\\n]')
        return
      case '#':
        if (!flags.x) this.#take('#')
        else while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== '\n') this.#at++
        return
      default:
        if (flags.x && /\s/.test(char)) this.#at++
        else if (/[*+?{]/.test(char)) this.#quantify()
        else this.#take(/[/\]}]/.test(char) ? `\\${char}` : char)
    }
  }

  #take(text: string): void {
    this.#at++
    this.#emit(text)
  }

  #emit(text: string): void {
    this.#atom = this.#out.length
    this.#out += text
  }

  #quantify(): void {
    ATOM_END.lastIndex = this.#at
    const quantifier = ATOM_END.exec(this.#pattern)?.[0]
    if (quantifier === undefined) {
      this.#take('\\{')
      return
    }
    if (this.#atom === undefined) throw malformed(this.#pattern, `"${quantifier}" has nothing to repeat`)
    this.#at += quantifier.length
    this.#out += quantifier.replace('{,', '{0,')
    const next = this.#pattern[this.#at]
    if (next === '?') {
      this.#at++
      this.#out += '?'
    } else if (next === '+') {
      this.#at++
      this.#out = this.#out.slice(0, this.#atom) + this.#atomic(this.#out.slice(this.#atom))
    }
  }

  /** What JavaScript has for "no way back into this": the new group comes before any inside it. */
  #atomic(inside: string): string {
    if (/\((?!\?)|\(\?<[A-Za-z]/.test(inside)) throw this.#unsupported('captures within an atomic group')
    this.#captures++
    this.#atomics.add(this.#captures)
    return `(?:(?=(${inside}))\\${this.#captures})`
  }

  #open(): void {
    const rest = this.#pattern.slice(this.#at, this.#at + 40)
    const {flags} = this.#group
    const comment = /^\(\?#/.test(rest)
    if (comment) {
      const end = this.#pattern.indexOf(')', this.#at)
      this.#at = end < 0 ? this.#pattern.length : end + 1
      return
    }
    const modifiers = /^\(\?(\^?[a-z]*(?:-[a-z]+)?)([:)])/.exec(rest)
    if (modifiers) {
      this.#modify(modifiers[0], modifiers[1]!, modifiers[2] === ':')
      return
    }
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest)
    if (named) {
      this.#push(named[0], `(?<${named[1] ?? named[2]}>`, true)
      return
    }
    const look = /^\(\?(?:=|!|<=|<!)/.exec(rest)
    if (look) {
      this.#push(look[0], look[0], false)
      return
    }
    if (rest.startsWith('(?>')) {
      this.#captures++
      this.#atomics.add(this.#captures)
      const close = `))\\${this.#captures})`
      this.#at += 3
      this.#groups.push({flags, wrappers: [], close})
      this.#starts.push(this.#out.length)
      this.#out += '(?:(?=('
      this.#atom = undefined
      return
    }
    if (/^\(\?|^\(\*/.test(rest)) throw this.#unsupported(`"${rest.slice(0, 4)}"`)
    this.#push('(', '(', true)
  }

  #push(taken: string, text: string, captures: boolean): void {
    if (captures) this.#captures++
    this.#at += taken.length
    this.#groups.push({flags: this.#group.flags, wrappers: [], close: ')'})
    this.#out += text
    this.#starts.push(this.#out.length - text.length)
    this.#atom = undefined
  }

  /** `(?i)`, `(?i:…)`, `(?^x:…)`, `(?-i:…)`. */
  #modify(taken: string, letters: string, isGroup: boolean): void {
    const [on = '', off = ''] = letters.replace('^', '').split('-')
    const base = letters.startsWith('^') ? {i: false, m: false, s: false, x: false} : this.#group.flags
    const flag = (name: 'i' | 'm' | 's' | 'x') => (on.includes(name) || base[name]) && !off.includes(name)
    const flags = {i: flag('i'), m: flag('m'), s: flag('s'), x: flag('x')}
    this.#at += taken.length
    const change = flags.i === this.#group.flags.i ? '' : flags.i ? 'i' : '-i'
    const text = `(?${change}:`
    if (isGroup) {
      this.#starts.push(this.#out.length)
      this.#groups.push({flags, wrappers: [], close: ')'})
      this.#out += text
    } else {
      this.#group.flags = flags
      if (change === '') return
      this.#group.wrappers.push(text)
      this.#out += text
    }
    this.#atom = undefined
  }

  #close(): void {
    if (this.#groups.length === 1) throw malformed(this.#pattern, 'a ")" has no "("')
    const group = this.#groups.pop()!
    this.#at++
    this.#out += ')'.repeat(group.wrappers.length) + group.close
    this.#atom = this.#starts.pop()
  }

  #unsupported(what: string): AmavisError {
    return new AmavisError(
      'AM_CONFIG',
      `the regular expression "${this.#pattern}" has ${what}, which cannot be used here`,
    )
  }
}
