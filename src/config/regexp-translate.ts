/**
 * regexp-translate — Perl's regular expressions in the words of JavaScript's.
 *
 * Written so that V8's linear engine can take over where matching runs away: no flags and few look-aheads;
 * case is folded into classes, `^` and `$` are JavaScript's own where the subject lets them mean the same.
 * Atomic groups become a look-ahead with a back-reference. What JavaScript has no equal for is an error that
 * names it. Source: spec/config, Regular expressions; perlre.
 */
import {AmavisError} from '../errors.ts'
import {type Reading, readClass, readEscape} from './regexp-escape.ts'
import {caseless, classText, setOf, unitText} from './regexp-set.ts'

/** What is known of the subjects that a translation is for. */
export interface SubjectKind {
  /** without a newline at the end, and with no line end but `\n` within: `$` can be JavaScript's */
  readonly plain: boolean
  /** has characters that are no octets: letters are those of Unicode */
  readonly wide: boolean
}

export interface Translation {
  readonly source: string
  /** JavaScript's numbers of Perl's groups, from `$1` on */
  readonly groups: readonly number[]
  /** whether an anchor was written as it is right for plain subjects only */
  readonly needsPlain: boolean
  /** whether V8's linear engine can run it */
  readonly linear: boolean
  /** whether it repeats what repeats, so that matching may take time without bounds */
  readonly nested: boolean
  /** repetitions without an upper bound: the exponent of the time that matching may take */
  readonly loops: number
  /** `\K`: JavaScript's number of the empty group where the match is to begin */
  readonly keep: number | undefined
  /** `\G`: a match begins where the search does */
  readonly sticky: boolean
}

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
  readonly x: boolean
  /** `/xx` */
  readonly blanks: boolean
  /** `/n`: parentheses do not capture */
  readonly n: boolean
}

const NO_FLAGS: Flags = {i: false, m: false, s: false, x: false, blanks: false, n: false}

/** A group of JavaScript's; its number is known when all are. */
interface Capture {
  readonly perl: boolean
}

/** The output: text, the begin of a capturing group, or a reference to one. */
type Piece = string | {readonly open: Capture} | {readonly ref: Reference}

interface Reference {
  readonly group: Capture | number | string
  readonly caseless: boolean
}

/** One level of parentheses while translating. */
interface Level {
  flags: Flags
  readonly close: readonly Piece[]
  /** index of its first piece */
  readonly start: number
  /** whether what is in it can take a subject in more than one way */
  loose: boolean
  /** the largest product of counts within, which the linear engine writes out */
  copies: number
  /** a look-around: takes no part of the subject */
  readonly zeroWidth: boolean
}

/** The linear engine writes counted repetitions out, up to this many copies. */
const LINEAR_COPIES = 16

const QUANTIFIER = /[*+?]|\{\s*(?:(\d+)\s*(,)?\s*(\d*)|,\s*(\d+))\s*\}/y

/**
 * Translate a pattern for subjects of a kind.
 * @throws AmavisError AM_CONFIG as compileRegexp does
 */
export function translateRegexp(pattern: string, flagLetters: string, kind: SubjectKind): Translation {
  return new Translator(pattern, flagLetters, kind).run()
}

/** An error for a pattern that no engine could take. */
export function malformed(pattern: string, what: string): AmavisError {
  return new AmavisError('AM_CONFIG', `the regular expression "${shown(pattern)}" is malformed: ${what}`, {
    cause: 'malformed',
  })
}

function shown(pattern: string): string {
  return pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern
}

class Translator {
  readonly #pattern: string
  readonly #kind: SubjectKind
  readonly #levels: Level[]
  readonly #out: Piece[] = []
  readonly #captures: Capture[] = []
  readonly #names = new Map<string, Capture>()
  #at = 0
  /** index of the last atom's first piece; undefined where no quantifier may follow */
  #atom: number | undefined
  /** the group that the last atom is */
  #group: Level | undefined
  /** whether the last atom is an assertion, which JavaScript does not repeat */
  #assertion = false
  #needsPlain = false
  #linear = true
  #nested = false
  #loops = 0
  #keep: Capture | undefined
  #sticky = false

  constructor(pattern: string, letters: string, kind: SubjectKind) {
    this.#pattern = pattern
    this.#kind = kind
    this.#levels = [level(withLetters(NO_FLAGS, letters, ''), [], 0)]
  }

  run(): Translation {
    while (this.#at < this.#pattern.length) this.#step()
    if (this.#levels.length > 1) throw malformed(this.#pattern, 'a "(" has no ")"')
    const numbers = new Map<Capture, number>()
    for (const piece of this.#out)
      if (typeof piece === 'object' && 'open' in piece) numbers.set(piece.open, numbers.size + 1)
    const source = this.#out.map(piece =>
      typeof piece === 'string' ? piece : 'open' in piece ? '(' : this.#referenceText(piece.ref, numbers),
    )
    return {
      source: source.join(''),
      groups: this.#captures.map(capture => numbers.get(capture)!),
      needsPlain: this.#needsPlain,
      linear: this.#linear && this.#levels[0]!.copies <= LINEAR_COPIES,
      nested: this.#nested,
      loops: this.#loops,
      keep: this.#keep && numbers.get(this.#keep),
      sticky: this.#sticky,
    }
  }

  #referenceText({group, caseless: folded}: Reference, numbers: ReadonlyMap<Capture, number>): string {
    const capture =
      typeof group === 'object'
        ? group
        : typeof group === 'string'
          ? this.#names.get(group)
          : this.#captures[group - 1]
    if (!capture) throw malformed(this.#pattern, `it refers to a group ${group} that it does not have`)
    return folded ? `(?i:\\${numbers.get(capture)})` : `\\${numbers.get(capture)}(?:)`
  }

  get #level(): Level {
    return this.#levels.at(-1)!
  }

  #step(): void {
    const char = this.#pattern[this.#at]!
    const {flags} = this.#level
    switch (char) {
      case '\\':
        this.#escape()
        return
      case '[': {
        const found = readClass(this.#pattern, this.#at, this.#reading)
        if (found.kind !== 'set')
          throw found.kind === 'malformed'
            ? malformed(this.#pattern, found.what)
            : this.#unsupported(found.what)
        this.#take(classText(found.set), found.length)
        return
      }
      case '(':
        this.#open()
        return
      case ')':
        this.#close()
        return
      case '|':
        this.#at++
        this.#out.push('|')
        this.#level.loose = true
        this.#atom = undefined
        return
      case '^':
        this.#assert(flags.m ? this.#lineStart() : '^')
        return
      case '$':
        this.#assert(flags.m ? this.#lineEnd() : this.#end())
        return
      case '.':
        this.#take(flags.s ? '[^]' : '[^\\n]', 1)
        return
      case '#':
        if (!flags.x) this.#literal(char)
        else while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== '\n') this.#at++
        return
      default:
        if (flags.x && /\s/.test(char)) this.#at++
        else if (/[*+?{]/.test(char)) this.#quantify()
        else this.#literal(char)
    }
  }

  get #reading(): Reading {
    const {flags} = this.#level
    return {caseless: flags.i, wide: this.#kind.wide, blanks: flags.blanks}
  }

  /** Where a line begins: not behind a newline that ends the subject. */
  #lineStart(): string {
    this.#needsPlain = true
    return this.#kind.plain ? '(?<![^\\n])' : this.#lookingAhead('(?:^|(?<=\\n)(?!$))')
  }

  #lineEnd(): string {
    this.#needsPlain = true
    return this.#kind.plain ? '(?m:$)' : this.#lookingAhead('(?![^\\n])')
  }

  /** `$`, `\Z`: the end, or before a newline that is the end. */
  #end(): string {
    this.#needsPlain = true
    return this.#kind.plain ? '$' : this.#lookingAhead('(?=\\n?$)')
  }

  #lookingAhead(text: string): string {
    this.#linear = false
    return text
  }

  /** Put an atom out and pass over what it was read from. */
  #take(text: string | Piece, length: number): void {
    this.#at += length
    this.#atom = this.#out.length
    this.#group = undefined
    this.#assertion = false
    this.#out.push(text)
  }

  #assert(text: string, length = 1): void {
    this.#take(text, length)
    this.#assertion = true
  }

  #literal(char: string): void {
    const pair = /^[\ud800-\udbff][\udc00-\udfff]/.exec(this.#pattern.slice(this.#at, this.#at + 2))?.[0]
    if (pair) this.#take(`(?:${pair})`, 2)
    else this.#take(this.#unit(char.charCodeAt(0)), 1)
  }

  #unit(code: number): string {
    const {caseless: folded, wide} = this.#reading
    if (!folded || !(wide || isLetter(code))) return unitText(code)
    return classText(caseless([[code, code]], wide))
  }

  #escape(): void {
    const found = readEscape(this.#pattern, this.#at, this.#captures.length, this.#reading)
    switch (found.kind) {
      case 'set':
        this.#take(classText(found.set), found.length)
        return
      case 'code':
        if (found.code > 0xffff) this.#take(`(?:${String.fromCodePoint(found.code)})`, found.length)
        else this.#take(this.#unit(found.code), found.length)
        return
      case 'group':
        this.#linear = false
        this.#level.loose = true
        this.#take({ref: {group: found.group, caseless: this.#level.flags.i}}, found.length)
        return
      case 'special':
        this.#special(found.letter)
        return
      case 'malformed':
        throw malformed(this.#pattern, found.what)
      case 'unsupported':
        throw this.#unsupported(found.what)
    }
  }

  #special(letter: string): void {
    switch (letter) {
      case 'A':
        this.#assert('^', 2)
        return
      case 'z':
        this.#assert('$', 2)
        return
      case 'Z':
        this.#assert(this.#end(), 2)
        return
      case 'b':
      case 'B':
        this.#assert(this.#kind.wide ? this.#wideBoundary(letter) : `\\${letter}`, 2)
        return
      case 'R':
        this.#take(
          `(?:\\r\\n|${classText(
            setOf([
              [10, 13],
              [0x85, 0x85],
              [0x2028, 0x2029],
            ]),
          )})`,
          2,
        )
        return
      case 'X': {
        const found = readEscape('\\p{M}', 0, 0, this.#reading)
        const marks = found.kind === 'set' ? classText(found.set) : '[]'
        this.#take(this.#lookingAhead(`(?:\\r\\n|\\r(?!\\n)|[^\\r]${marks}*)`), 2)
        return
      }
      case 'K':
        this.#linear = false
        this.#keep = {perl: false}
        this.#take({open: this.#keep}, 2)
        this.#out.push(')')
        this.#assertion = true
        return
      default:
        if (this.#out.length > 0) throw this.#unsupported(`"\\${letter}" behind its begin`)
        this.#sticky = true
        this.#assert('', 2)
    }
  }

  #wideBoundary(letter: 'b' | 'B'): string {
    const found = readEscape('\\w', 0, 0, this.#reading)
    const word = found.kind === 'set' ? classText(found.set) : '\\w'
    return this.#lookingAhead(
      letter === 'b'
        ? `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
        : `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
    )
  }

  #quantify(): void {
    QUANTIFIER.lastIndex = this.#at
    const found = QUANTIFIER.exec(this.#pattern)
    if (!found) {
      this.#literal('{')
      return
    }
    const {least, most} = boundsOf(found)
    if (this.#atom === undefined)
      throw malformed(this.#pattern, `"${found[0]}" has nothing to repeat, or follows another quantifier`)
    if (least > most || least > 65_534 || (most !== Number.POSITIVE_INFINITY && most > 65_534))
      throw malformed(this.#pattern, `"${found[0]}" is no range of counts`)
    this.#at += found[0].length
    this.#weigh(least, most)
    if (this.#assertion) {
      this.#out.splice(this.#atom, 0, '(?:')
      this.#out.push(')')
    }
    this.#out.push(countText(least, most))
    const next = this.#pattern[this.#at]
    if (next === '?') {
      this.#at++
      this.#out.push('?')
    } else if (next === '+') {
      this.#at++
      this.#linear = false
      const capture: Capture = {perl: false}
      this.#out.splice(this.#atom, 0, '(?:(?=', {open: capture})
      this.#out.push('))', {ref: {group: capture, caseless: false}}, ')')
    }
    this.#atom = undefined
  }

  /** What a repetition means for the time that matching can take. */
  #weigh(least: number, most: number): void {
    const group = this.#group
    if (most > 1 && group?.loose && !group.zeroWidth) this.#nested = true
    if (most > least) this.#level.loose = true
    if (most === Number.POSITIVE_INFINITY) this.#loops++
    const written = most === Number.POSITIVE_INFINITY ? Math.max(least, 1) : Math.max(most, 1)
    this.#level.copies = Math.max(this.#level.copies, written * (group?.copies ?? 1))
  }

  #open(): void {
    const rest = this.#pattern.slice(this.#at, this.#at + 80)
    if (rest.startsWith('(?#')) {
      const end = this.#pattern.indexOf(')', this.#at)
      if (end < 0) throw malformed(this.#pattern, 'a comment "(?#" has no ")"')
      this.#at = end + 1
      return
    }
    const modifiers = /^\(\?(\^?[a-z]*)(?:-([a-z]+))?([:)])/.exec(rest)
    if (modifiers) {
      this.#modify(modifiers[0], modifiers[1]!, modifiers[2] ?? '', modifiers[3] === ':')
      return
    }
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest)
    if (named) {
      this.#capture(named[0].length, named[1] ?? named[2])
      return
    }
    const again = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest)
    if (again) {
      this.#linear = false
      this.#level.loose = true
      this.#take({ref: {group: again[1]!, caseless: this.#level.flags.i}}, again[0].length)
      return
    }
    const look = /^\(\?(<?)[=!]/.exec(rest)
    if (look) {
      if (look[1] === '') this.#linear = false
      this.#push(look[0].length, [look[0]], [')'], true)
      return
    }
    if (rest.startsWith('(?>')) {
      this.#linear = false
      const capture: Capture = {perl: false}
      this.#push(3, ['(?:(?=', {open: capture}], ['))', {ref: {group: capture, caseless: false}}, ')'])
      return
    }
    const construct = constructName(rest)
    if (construct !== undefined) throw this.#unsupported(construct)
    if (this.#level.flags.n) this.#push(1, ['(?:'], [')'])
    else this.#capture(1, undefined)
  }

  #capture(length: number, name: string | undefined): void {
    const capture: Capture = {perl: true}
    this.#captures.push(capture)
    if (name !== undefined && !this.#names.has(name)) this.#names.set(name, capture)
    this.#push(length, [{open: capture}], [')'])
  }

  #push(length: number, open: readonly Piece[], close: readonly Piece[], zeroWidth = false): void {
    this.#at += length
    this.#levels.push(level(this.#level.flags, close, this.#out.length, zeroWidth))
    this.#out.push(...open)
    this.#atom = undefined
  }

  /** `(?i)`, `(?i:…)`, `(?^x:…)`, `(?-i:…)`. */
  #modify(taken: string, letters: string, off: string, isGroup: boolean): void {
    const unknown = `${letters.replace('^', '')}${off}`.replace(/[imsxnpaudl]/g, '')
    if (unknown !== '') throw malformed(this.#pattern, `"${unknown[0]}" is no flag`)
    const base = letters.startsWith('^') ? NO_FLAGS : this.#level.flags
    const flags = withLetters(base, letters, off)
    if (isGroup) {
      this.#push(taken.length, ['(?:'], [')'])
      this.#level.flags = flags
    } else {
      this.#at += taken.length
      this.#level.flags = flags
      this.#atom = undefined
    }
  }

  #close(): void {
    if (this.#levels.length === 1) throw malformed(this.#pattern, 'a ")" has no "("')
    const closed = this.#levels.pop()!
    this.#at++
    this.#out.push(...closed.close)
    this.#atom = closed.start
    this.#group = closed
    this.#assertion = closed.zeroWidth
    const {copies, loose, zeroWidth} = closed
    if (loose && !zeroWidth) this.#level.loose = true
    this.#level.copies = Math.max(this.#level.copies, copies)
  }

  #unsupported(what: string): AmavisError {
    return new AmavisError(
      'AM_CONFIG',
      `the regular expression "${shown(this.#pattern)}" has ${what}, which cannot be used here`,
    )
  }
}

function level(flags: Flags, close: readonly Piece[], start: number, zeroWidth = false): Level {
  return {flags, close, start, loose: false, copies: 1, zeroWidth}
}

function withLetters(base: Flags, on: string, off: string): Flags {
  const flag = (name: 'i' | 'm' | 's' | 'x' | 'n') => (on.includes(name) || base[name]) && !off.includes(name)
  const x = flag('x')
  const blanks = x && (on.includes('xx') || (base.blanks && !on.includes('x')))
  return {i: flag('i'), m: flag('m'), s: flag('s'), x, blanks, n: flag('n')}
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

function boundsOf(found: RegExpExecArray): {least: number; most: number} {
  const [text, least, comma, most, upTo] = found
  if (text === '*') return {least: 0, most: Number.POSITIVE_INFINITY}
  if (text === '+') return {least: 1, most: Number.POSITIVE_INFINITY}
  if (text === '?') return {least: 0, most: 1}
  if (upTo !== undefined) return {least: 0, most: Number(upTo)}
  if (comma === undefined) return {least: Number(least), most: Number(least)}
  return {least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most)}
}

function countText(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  if (least === 0 && most === 1) return '?'
  return least === most ? `{${least}}` : `{${least},${most}}`
}

/** A name for what begins here and has no equal; undefined for a plain group. */
function constructName(rest: string): string | undefined {
  if (rest.startsWith('(*')) return `the verb "${/^\(\*[^):]*/.exec(rest)![0]}…)"`
  if (!rest.startsWith('(?')) return undefined
  if (/^\(\?\??\{/.test(rest)) return 'program code "(?{…})"'
  if (/^\(\?(?:R|&|P>|[-+]?\d)/.test(rest)) return `the recursion "${/^\(\?[^)]*/.exec(rest)![0]})"`
  if (rest.startsWith('(?(')) return 'the condition "(?(…)"'
  if (rest.startsWith('(?|')) return 'the branch reset "(?|…)"'
  return `"${rest.slice(0, 4)}"`
}
