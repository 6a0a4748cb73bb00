import assert from 'node:assert/strict'
import {test} from 'node:test'
import {compileRegexp, regexpText} from '../../src/config/regexp.ts'
import {AmavisError} from '../../src/errors.ts'

function re(pattern: string, flags = '') {
  return compileRegexp({kind: 're', pattern, flags})
}

for (const [pattern, flags, subject, matches] of [
  ['', '', 'anything', true],
  ['^a$', '', 'a\n', true],
  ['^a$', '', 'a\nb', false],
  ['^a$', 'm', 'b\na\nc', true],
  ['\\Aa\\z', '', 'a\n', false],
  ['\\Aa\\Z', '', 'a\n', true],
  ['\\Aa\\Z', 'm', 'a\nb', false],
  ['^b', '', 'a\nb', false],
  ['^b', 'm', 'a\rb', false],
  ['a.b', '', 'a\nb', false],
  ['a.b', 's', 'a\nb', true],
  ['a.b', '', 'a\rb', true],
  ['\\.EXE$', 'i', 'x.exe', true],
  ['(?i)\\.EXE$', '', 'x.exe', true],
  ['a(?i)b|c', '', 'aB', true],
  ['a(?i)b|c', '', 'AB', false],
  ['a(?i)b|c', '', 'C', true],
  ['x(?:a(?i)b)c', '', 'xaBC', false],
  ['(?i:a)b', '', 'Ab', true],
  ['(?i:a)b', '', 'AB', false],
  ['(?-i:a)b', 'i', 'aB', true],
  ['(?-i:a)b', 'i', 'AB', false],
  ['(?^:a)', 'i', 'A', false],
  ['(?^i:a)', '', 'A', true],
  ['(?s).b', '', '\nb', true],
  ['(?m)^b', '', 'a\nb', true],
  [' a b # comment ) (\n c', 'x', 'abc', true],
  ['a\\ b [ ] c', 'x', 'a b c', true],
  ['(?x) a b (?-x: c)', '', 'ab c', true],
  ['[[:alpha:]]+[[:digit:]]', '', 'ab1', true],
  ['^[^[:space:]]$', '', ' ', false],
  ['[]a]', '', ']', true],
  ['[^]a]', '', 'b', true],
  ['[\\w.-]+', '', 'a-b.c', true],
  ['[\\s]', '', '\u00a0', false],
  ['\\s', '', '\v', true],
  ['\\h', '', '\n', false],
  ['\\R', '', '\r\n', true],
  ['\\x41\\x{42}\\103', '', 'ABC', true],
  ['\\015\\012', '', '\r\n', true],
  ['[\\000-\\010]', '', '\x07', true],
  ['\\e\\a', '', '\x1b\x07', true],
  ['(a)\\1', '', 'aa', true],
  ['(a)\\g{1}', '', 'aa', true],
  ['(?<x>a)\\k<x>', '', 'aa', true],
  ["(?'x'a)\\k{x}", '', 'aa', true],
  ['a{2}', '', 'aa', true],
  ['a{x', '', 'a{x', true],
  ['{8}', '', '', 'malformed'],
  ['a++b', '', 'aaab', true],
  ['a++ab', '', 'aaab', false],
  ['(?>a+)ab', '', 'aaab', false],
  ['(?>a|ab)c', '', 'abc', false],
  ['a*?b', '', 'aab', true],
  ['a(?#no (comment)b', '', 'ab', true],
  ['(?=a)a(?!c)', '', 'ab', true],
  ['(?<=a)b(?<!x)', '', 'ab', true],
  ['user\\@example\\.com', '', 'user@example.com', true],
  ['a/b\\/c', '', 'a/b/c', true],
  ['(', '', '', 'malformed'],
  [')', '', '', 'malformed'],
  ['[a', '', '', 'malformed'],
  ['*a', '', '', 'malformed'],
  ['[b-a]', '', '', 'malformed'],
  ['(?{ code })', '', '', 'unsupported'],
  ['(?R)', '', '', 'unsupported'],
  ['(?(1)a|b)', '', '', 'unsupported'],
  ['(?|a|b)', '', '', 'unsupported'],
  ['(*FAIL)', '', '', 'unsupported'],
  ['a(?1)', '', '', 'unsupported'],
  ['\\p{Nonsense}', '', '', 'unsupported'],
  ['\\b{wb}', '', '', 'unsupported'],
  ['a\\G', '', '', 'unsupported'],
  ['\\N{DIGIT ONE}', '', '', 'unsupported'],
  ['a**', '', '', 'malformed'],
  ['a{3,2}', '', '', 'malformed'],
  ['\\2(a)', '', '', 'malformed'],
  ['[[:nothing:]]', '', '', 'malformed'],
  ['(?q)', '', '', 'malformed'],
  // letters of octets are those of ASCII, of characters those of Unicode
  ['^\\w$', '', '\xe9', false],
  ['^\\w\\w$', '', '\xe9\u65e5', true],
  ['^É$', 'i', '\xe9', false],
  ['^\\x{c9}\\x{100}$', 'i', '\xe9\u0101', true],
  ['^\\p{L}+$', '', 'a\xe9', true],
  ['^\\P{Lu}$', '', 'A', false],
  ['^[\\p{IsUpper}1]+$', '', 'A1', true],
  ['^\\p{Greek}$', '', '\u03b1', true],
  ['[[:^alpha:]]', '', 'a1', true],
  ['^[^\\W_]+$', '', 'a_', false],
  ['^[a-f\\d]+$', 'i', 'AF09', true],
  ['^[^a]$', 'i', 'A', false],
  ['^[a-]+$', '', 'a-', true],
  ['^[\\w-.]+$', '', 'a-.', true],
  ['^[+--]+$', '', '+,-', true],
  ['^[$@%]+$', '', '$@%', true],
  ['^[[a]]$', '', '[]', true],
  ['^a b$', 'xx', 'ab', true],
  ['^[a b]+$', 'xx', 'a b', false],
  ['(a)(b)', 'n', 'ab', true],
  ['^a{,2}$', '', 'aa', true],
  ['^a{ 1, 2 }$', '', 'aa', true],
  ['^*a', '', 'a', true],
  ['(?=a)*b', '', 'b', true],
  ['^\\N{U+61}\\o{142}\\cA$', '', 'ab\x01', true],
  ['^\\X$', '', 'e\u0301', true],
  ['^\\H\\V\\N$', '', 'abc', true],
  ['^\\h$', '', '\xa0', true],
  ['^\\v$', '', '\x85', true],
  ['(?>(a+))b\\1', '', 'aabaa', true],
  ['(?:(a)b)++\\1', '', 'abaa', true],
  ['(a)(?i)\\1', '', 'aA', true],
  ['(?P<x>a)(?P=x)', '', 'aa', true],
  ['(a)(b)\\g{-1}', '', 'abb', true],
  ['^\u{1f600}+$', '', '\u{1f600}\u{1f600}', true],
  ['a\\z', '', 'a\n', false],
  ['^a$', 'm', 'a\r', false],
  ['^$', 'm', 'a\n', false],
  ['\\Ga', '', 'ba', false],
] as const) {
  const shown = `/${pattern}/${flags}`.replace(/\n/g, '\\n')
  if (typeof matches === 'boolean') {
    test(`${shown} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(subject)}`, () => {
      assert.equal(re(pattern, flags).test(subject), matches)
    })
  } else {
    test(`${shown} is ${matches}`, () => {
      assert.throws(
        () => re(pattern, flags),
        (error: unknown) =>
          error instanceof AmavisError && (error.cause === 'malformed') === (matches === 'malformed'),
      )
    })
  }
}

test('captures keep their numbers beside atomic groups', () => {
  assert.deepEqual([...(re('(a)(?>b+)(c)').match('abbc') ?? [])], ['abbc', 'a', 'c'])
  assert.deepEqual([...(re('(a)b++(c)').match('abbc') ?? [])], ['abbc', 'a', 'c'])
})

test('a regexp prints as Perl prints it', () => {
  assert.equal(regexpText({kind: 're', pattern: 'a', flags: 'mi'}), '(?^mi:a)')
  assert.equal(regexpText({kind: 're', pattern: 'a', flags: ''}), '(?^:a)')
})

test('\\K leaves out of the match what stands before it', () => {
  assert.deepEqual(re('(a)b\\K(c)').matchFrom('xabc', 0), {index: 3, groups: ['c', 'a', 'c']})
})

for (const [pattern, flags, subject] of [
  ['(a+)+$', '', `${'a'.repeat(40)}!`],
  ['^(\\w+\\s?)*$', '', `${'a'.repeat(40)}!`],
  ['(A|AA)+$', 'i', `${'a'.repeat(60)}!`],
  ['(?=a)(a+)+$', '', `${'a'.repeat(40)}!`],
  ['(a+)+\\1$', '', `${'a'.repeat(60)}!`],
  ['(.*a){17}b', '', 'a'.repeat(40)],
  ['^(a+)+$', 'm', `${'a'.repeat(40)}!\n`],
  ['(?:a|\\w)*(?!b)c', '', 'a'.repeat(60)],
] as const) {
  test(`/${pattern}/${flags} on a hostile subject takes no longer than its clock allows`, () => {
    const begin = performance.now()
    try {
      assert.equal(re(pattern, flags).test(subject), false)
    } catch (error) {
      assert.match(String(error), /took longer than 250 ms/)
    }
    assert.ok(performance.now() - begin < 2000)
  })
}
