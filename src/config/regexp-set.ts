/**
 * regexp-set — sets of characters, as regexp classes mean them.
 *
 * A set is ranges of UTF-16 units, sorted and apart. Classes are worked out as sets and not handed on as
 * text: Perl's negated and POSIX classes within classes, and its folding of case, have no equal in JavaScript.
 * Source: perlrecharclass; spec/config, Regular expressions.
 */

export type Range = readonly [first: number, last: number]
export type CharSet = readonly Range[]

const LAST = 0xffff

/** Any ranges as a set. */
export function setOf(ranges: readonly Range[]): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const set: [number, number][] = []
  for (const [first, last] of sorted) {
    const before = set.at(-1)
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else set.push([first, last])
  }
  return set
}

/** Everything that is not in a set. */
export function complementOf(set: CharSet): CharSet {
  const rest: Range[] = []
  let next = 0
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1])
    next = last + 1
  }
  if (next <= LAST) rest.push([next, LAST])
  return rest
}

/** A set with both cases of its letters: those of ASCII, and with `wide` all that there are. */
export function caseless(set: CharSet, wide: boolean): CharSet {
  const more: Range[] = []
  for (const [first, last] of set) {
    addShifted(more, first, last, 0x41, 0x5a, 0x20)
    addShifted(more, first, last, 0x61, 0x7a, -0x20)
    if (!wide) continue
    for (let code = Math.max(first, 0x80); code <= last; code++) {
      const char = String.fromCharCode(code)
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        if (other.length === 1 && other !== char) more.push([other.charCodeAt(0), other.charCodeAt(0)])
      }
    }
  }
  return more.length === 0 ? set : setOf([...set, ...more])
}

function addShifted(to: Range[], first: number, last: number, from: number, until: number, by: number): void {
  const low = Math.max(first, from)
  const high = Math.min(last, until)
  if (low <= high) to.push([low + by, high + by])
}

/** The set as a class, or as the one character that it is. */
export function classText(set: CharSet): string {
  const [only] = set
  if (set.length === 0) return '[]'
  if (set.length === 1 && only![0] === only![1]) return unitText(only![0])
  const inverse = complementOf(set)
  if (inverse.length === 0) return '[^]'
  const shorter = inverse.length < set.length
  return `[${shorter ? '^' : ''}${(shorter ? inverse : set).map(rangeText).join('')}]`
}

function rangeText([first, last]: Range): string {
  if (first === last) return unitText(first)
  return `${unitText(first)}${last === first + 1 ? '' : '-'}${unitText(last)}`
}

/** One UTF-16 unit so that it is only itself, within a class and outside. */
export function unitText(unit: number): string {
  const char = String.fromCharCode(unit)
  if (/[A-Za-z0-9_ "'%&,;:=@<>~!#`]/.test(char)) return char
  if (unit > 0x20 && unit < 0x7f) return `\\${char}`
  return unit < 0x100
    ? `\\x${unit.toString(16).padStart(2, '0')}`
    : `\\u${unit.toString(16).padStart(4, '0')}`
}

const DIGIT: CharSet = [[0x30, 0x39]]
const UPPER: CharSet = [[0x41, 0x5a]]
const LOWER: CharSet = [[0x61, 0x7a]]
const ALPHA: CharSet = [...UPPER, ...LOWER]
const PUNCT: CharSet = [
  [0x21, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x60],
  [0x7b, 0x7e],
]

/** `\d \w \s`, and POSIX classes, of octets: letters of ASCII only. */
const NARROW: Readonly<Record<string, CharSet>> = {
  alpha: ALPHA,
  digit: DIGIT,
  alnum: [...DIGIT, ...ALPHA],
  upper: UPPER,
  lower: LOWER,
  word: setOf([...DIGIT, ...ALPHA, [0x5f, 0x5f]]),
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  punct: PUNCT,
  xdigit: [...DIGIT, [0x41, 0x46], [0x61, 0x66]],
  cntrl: [
    [0x00, 0x1f],
    [0x7f, 0x7f],
  ],
  print: [[0x20, 0x7e]],
  graph: [[0x21, 0x7e]],
  ascii: [[0x00, 0x7f]],
}

/** The same of characters, as expressions of Unicode properties. */
const WIDE: Readonly<Record<string, string>> = {
  alpha: '\\p{Alphabetic}',
  digit: '\\p{Nd}',
  alnum: '\\p{Alphabetic}\\p{Nd}',
  upper: '\\p{Uppercase}',
  lower: '\\p{Lowercase}',
  word: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}',
  space: '\\p{White_Space}',
  blank: '\\t\\p{Zs}',
  punct: '\\p{P}$+<=>^`|~',
  cntrl: '\\p{Cc}',
  print: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}\\p{Cf}\\p{Co}',
  graph: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Cf}\\p{Co}',
}

/** Mean the same of octets and of characters. */
const HORIZONTAL: CharSet = [
  [0x09, 0x09],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]
const VERTICAL: CharSet = [
  [0x0a, 0x0d],
  [0x85, 0x85],
  [0x2028, 0x2029],
]

const LETTERS: Readonly<Record<string, string>> = {d: 'digit', w: 'word', s: 'space'}

/** `[:alpha:]` and its kind; undefined when there is no such class. */
export function namedSet(name: string, wide: boolean): CharSet | undefined {
  if (!Object.hasOwn(NARROW, name)) return undefined
  const expression = wide && Object.hasOwn(WIDE, name) ? WIDE[name] : undefined
  return expression === undefined ? NARROW[name] : measured(`[${expression}]`)
}

/** `\d`, `\W`, `\h` and their kind by letter; undefined when the letter is none of a set. */
export function letterSet(letter: string, wide: boolean): CharSet | undefined {
  const lower = letter.toLowerCase()
  let set: CharSet | undefined
  if (lower === 'h') set = HORIZONTAL
  else if (lower === 'v') set = VERTICAL
  else if (Object.hasOwn(LETTERS, lower)) set = namedSet(LETTERS[lower]!, wide)
  else if (letter === 'N') return complementOf([[0x0a, 0x0a]])
  return set && letter !== lower ? complementOf(set) : set
}

/** Perl's names of properties that JavaScript knows by another. */
const PROPERTIES: Readonly<Record<string, string>> = {
  any: 'Any',
  all: 'Any',
  assigned: 'Assigned',
  alpha: 'Alphabetic',
  digit: 'Nd',
  posixdigit: 'Nd',
  upper: 'Uppercase',
  lower: 'Lowercase',
  space: 'White_Space',
  spaceperl: 'White_Space',
  title: 'Lt',
  ascii: 'ASCII',
}

/** `\p{…}` of the Basic Multilingual Plane; undefined when there is no such property. */
export function propertySet(name: string): CharSet | undefined {
  const inverted = name.startsWith('^')
  const plain = name.replace(/^\^/, '').trim()
  const short = plain.replace(/^Is_?|^X?Posix_?/i, '')
  const key = short.toLowerCase().replace(/[_ -]/g, '')
  if (key === 'word' || key === 'alnum' || key === 'punct' || key === 'cntrl' || key === 'blank')
    return orInverse(namedSet(key, true), inverted)
  const candidates = [plain, short, Object.hasOwn(PROPERTIES, key) ? PROPERTIES[key]! : undefined]
  for (const candidate of [...candidates, `Script=${short}`, `Script_Extensions=${short}`]) {
    if (candidate === undefined || !/^[\w=]+$/.test(candidate)) continue
    const set = measured(`\\p{${candidate}}`)
    if (set) return orInverse(set, inverted)
  }
  return undefined
}

function orInverse(set: CharSet | undefined, inverted: boolean): CharSet | undefined {
  return set && inverted ? complementOf(set) : set
}

/** Measured sets; each takes some ms, and properties are few. */
const MEASURED = new Map<string, CharSet | undefined>()

function measured(expression: string): CharSet | undefined {
  if (!MEASURED.has(expression)) MEASURED.set(expression, measure(expression))
  return MEASURED.get(expression)
}

/** What an expression of one character matches, found by trying; undefined when it is malformed. */
function measure(expression: string): CharSet | undefined {
  let test: RegExp
  try {
    test = new RegExp(`^${expression}$`, 'u')
  } catch {
    return undefined
  }
  const ranges: [number, number][] = []
  for (let code = 0; code <= LAST; code++) {
    if (!test.test(String.fromCharCode(code))) continue
    const before = ranges.at(-1)
    if (before && before[1] === code - 1) before[1] = code
    else ranges.push([code, code])
  }
  return ranges
}
