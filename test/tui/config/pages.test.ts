import assert from 'node:assert/strict'
import {test} from 'node:test'
import {excerpt} from '../../../src/tui/config/excerpt.ts'
import {problemJson, problemPage} from '../../../src/tui/config/problem-page.ts'
import {createTheme} from '../../../src/tui/theme.ts'

const plain = (text: string) => text
const style = {faint: plain, mark: plain, columns: 40}

function page(columns: number, result: Partial<Parameters<typeof problemPage>[0]>, line = ''): string {
  const theme = {
    ...createTheme({}),
    title: plain,
    faint: plain,
    key: plain,
    status: {ok: plain, warning: plain, error: plain},
  }
  const all = {errors: [], warnings: [], hints: [], files: ['a.conf'], ...result}
  return problemPage(all, {theme, columns, lineOf: () => line})
}

test('an error stands with its line, a mark below the word that is meant, and what to do', () => {
  const at = {file: '/etc/a.conf', line: 12, column: 1}
  assert.equal(
    page(
      80,
      {errors: [{at, message: 'there is no setting $max_servrs', help: 'did you mean $max_servers?'}]},
      '$max_servrs = 4;',
    ),
    `error: there is no setting $max_servrs
   --> /etc/a.conf:12:1
    |
 12 | $max_servrs = 4;
    | ^^^^^^^^^^^
    = did you mean $max_servers?

1 error in 1 file: the daemon would not start`,
  )
})

test('errors come before warnings, warnings before hints, and the last line counts them', () => {
  const text = page(80, {
    hints: [{at: undefined, message: 'h'}],
    warnings: [{at: undefined, message: 'w'}],
    errors: [
      {at: undefined, message: 'e'},
      {at: undefined, message: 'f'},
    ],
  })
  assert.equal(
    text,
    'error: e\n\nerror: f\n\nwarning: w\n\nhint: h\n\n2 errors, 1 warning, 1 hint in 1 file: the daemon would not start',
  )
  assert.equal(page(80, {files: ['a', 'b']}), 'good: 2 files, no errors')
  assert.equal(page(80, {files: []}), 'good: no files, the built-in defaults, no errors')
})

test('no line of a page is longer than the terminal, but for names that have no blank', () => {
  const message = 'a message of many words that goes on and on until it does not fit into one line any more'
  const at = {file: 'a.conf', line: 3, column: 61}
  const line = `${'$x = 1; '.repeat(30)}`
  const text = page(40, {errors: [{at, message, help: message}], warnings: [{at, message}]}, line)
  for (const row of text.split('\n')) assert.ok(row.length <= 40, row)
})

for (const [what, line, column, expected] of [
  ['a short line', '$log_level = ten;', 14, ['   |', ' 7 | $log_level = ten;', '   |              ^^^']],
  ['a tab before it', '\t$x = 1;', 2, ['   |', ' 7 |  $x = 1;', '   |  ^^']],
  [
    'letters of several octets before it',
    Buffer.from("'é' $x").toString('latin1'),
    6,
    ['   |', " 7 | 'é' $x", '   |     ^^'],
  ],
  ['control characters', '$x\x1b[31m', 1, ['   |', ' 7 | $x·[31m', '   | ^^']],
  ['the end of the line', '$x', 3, ['   |', ' 7 | $x', '   |   ^']],
  ['an empty line', '', 1, ['   |', ' 7 |', '   | ^']],
] as const) {
  test(`the mark stands below what is meant: ${what}`, () => {
    assert.deepEqual(excerpt({file: 'a', line: 7, column}, line, style).split('\n'), expected)
  })
}

test('of a long line the part around the mark is shown', () => {
  const line = `${'a'.repeat(100)} $word ${'b'.repeat(100)}`
  const [, shown = '', mark = ''] = excerpt({file: 'a', line: 7, column: 102}, line, style).split('\n')
  assert.ok(shown.length <= 40 && shown.includes('…a') && shown.endsWith('b…'), shown)
  assert.equal(shown.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), '$word')
})

test('for programs each problem is an object with its severity and place', () => {
  const at = {file: 'a.conf', line: 1, column: 2}
  assert.deepEqual(
    problemJson({
      errors: [{at, message: 'm', help: 'h'}],
      warnings: [{at: undefined, message: 'w'}],
      hints: [],
      files: ['a.conf'],
    }),
    {
      ok: false,
      files_read: ['a.conf'],
      problems: [
        {severity: 'error', file: 'a.conf', line: 1, column: 2, message: 'm', help: 'h'},
        {severity: 'warning', file: null, line: null, column: null, message: 'w', help: null},
      ],
    },
  )
})
