import assert from 'node:assert/strict'
import {test} from 'node:test'
import {compileRegexp, isMalformed, regexpText} from '../../src/config/regexp.ts'
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
  ['\\p{L}', '', '', 'unsupported'],
  ['\\G', '', '', 'unsupported'],
  ['\\Ka', '', '', 'unsupported'],
  ['[[:^alpha:]]', '', '', 'unsupported'],
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
        (error: unknown) => error instanceof AmavisError && isMalformed(error) === (matches === 'malformed'),
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
