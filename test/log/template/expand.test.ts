import assert from 'node:assert/strict'
import test from 'node:test'
import {compileTemplate, type MacroValue} from '../../../src/log/template/expand.ts'
import {STRING_FUNCTIONS} from '../../../src/log/template/functions.ts'

const VALUES: Readonly<Record<string, MacroValue>> = {
  s: '<a@b>',
  V: ['V1', 'V2', 'V3'],
  R: ['r1', 'r2'],
  E: [],
  u: undefined,
  z: '0',
  blank: '  ',
  lst: ['q1', 'q2', 'q3'],
  hostile: '[:uc|x] %s # "] ]',
  SCORE: (_, pad) => (pad === undefined ? 'score' : `${pad}score`),
}
const macros = new Map<string, MacroValue>([...STRING_FUNCTIONS, ...Object.entries(VALUES)])
const expand = (template: string) => compileTemplate(template).expand(macros)

const tables: Readonly<Record<string, readonly [template: string, expected: string][]>> = {
  macros: [
    ['a %s b', 'a <a@b> b'],
    ['%V', 'V1, V2, V3'],
    ['%#V %#E %#s %#u', '3 0 1 0'],
    ['100%', '100%'],
    ['%%s', '%s'],
    ['\\%s', '%s'],
    ['a% b', 'ab'],
    ['%q', ''],
    ['[:nothing]', ''],
    ['[:uc|a|b]', 'AB'],
    ['[: uc |a| b ]', 'A B '],
    ['_SCORE_', 'score'],
    ['__SCORE__', '_score_'],
    ['_SCORE(000)_', '000score'],
    ['_Score_', '_Score_'],
    ['[:SCORE|00]', '00score'],
    ['a|b]c"]', 'a|b]c"]'],
    ['a[:uc|b', 'a'],
  ],
  escapes: [
    ['\\101\\t\\|', 'A\t|'],
    ['a\\#b', 'a#b'],
    ['\\[\\]\\\\\\"', '[]\\"'],
    ['a\\\nb\\_c', 'abc'],
    ['x # comment\nnext', 'x next'],
    ['x\\n# comment ] here\nnext', 'x\nnext'],
    ['[? %#V||, V: %V]#\n', ', V: V1, V2, V3'],
  ],
  quotes: [
    ['["a["b%s"]c"]', 'a["b%s"]c'],
    ['["%s', '<a@b>'],
    ['[:uc|["%s"]]', '%S'],
  ],
  selectors: [
    ['[? 2 | zero | one | two | three ]', ' two '],
    ['[? 24 |0|one|many]', 'many'],
    ['[? foo | none | any | two]', ' any '],
    ['[? 1|No]', ''],
    ['[? 0|No]', 'No'],
    ['[? %#R|No|One|%#R recips]', '2 recips'],
    ['[?00|Z|N|M]', 'Z'],
    ['[? 0 |Z|N|M]', 'Z'],
    ['[?02|Z|N|M]', 'M'],
    ['[?5|Z|N|M]', 'M'],
    ['[?-1|Z|N|M]', 'N'],
    ['[?1.5|Z|N|M]', 'N'],
    ['[?%zero|Z|N]', 'N'],
    ['[?%E|Z|N]', 'Z'],
    ['[?%u|a[?1|b|c]d|e]', 'acd'],
    ['[?1|a|x # y\nz]', 'x z'],
  ],
  'regexp selectors': [
    ['[~abc|b|["yes"]|["no"]]', 'yes'],
    ['[~abc|^b$|["yes"]|["no"]]', 'no'],
    ['[~abc|["^(.)(.)"]|["%2%1-%0"]|no]', 'ba-abc'],
    ['[~abc|x|1|["^a"]|2|3]', '2'],
    ['[~abc|["("]|["bad"]|["else"]]', 'else'],
    ['[~ab|["A"]|["ci"]|["cs"]]', 'cs'],
    ['[~%s|["@"]|["[:uc|%s]"]]', '<A@B>'],
  ],
  iterators: [
    ['[ %V | <%V> | , ]', ' <V1>  ,  <V2>  ,  <V3> '],
    ['[%V|, ]', 'V1, V2, V3'],
    ['[%V]', 'V1V2V3'],
    ['[%V|x%Vy|]', 'xV1yxV2yxV3y'],
    ['[%E|a|b]', ''],
    ['[%q|a|b]', ''],
    ['[%s|<%s>|,]', '<<a@b>>'],
    ['[%V|[%R|%R+%V|,]|;]', 'r1+V1,r2+V1;r1+V2,r2+V2;r1+V3,r2+V3'],
    ['[ lst |%x|+]', 'q1+q2+q3'],
  ],
  'user macros': [
    ['[= m |["<%1+%2>"]][:m|a|b][:m|c]', '<a+b><c+>'],
    ['[=m|["%1%s"]][:m|q]', 'q%s'],
    ['[=m|["%1%s"]][@m|q]', 'q<a@b>'],
    ['[=f|["[? %1|none|one|many]"]][@f|1]', 'one'],
    ['[=f|["[? %1|none|one|many]"]][:f|1]', '[? 1|none|one|many]'],
    ['[=x|["y"]]%x', 'y'],
    ['[=m|["%0%#1"]][:m]', '0'],
  ],
  functions: [
    ['[:substr|abcdef|1|3][:substr|abcdef|-2]', 'bcdef'],
    ['[:index|abc|c] [:index|abc|x] [:len|abc]', '2 -1 3'],
    ['[:incr|4] [:incr|4|2|3] [:decr|4]', '5 9 3'],
    ['[:min|3||-1] [:max|3|10]', '-1 10'],
    ['[:sprintf|%%05.1f\\|%%s|3.14159|x]', '003.1|x'],
    ['[:join|+|a|b]', 'a+b'],
    ['[:limit|8|abcdefghij] [:limit|8|abc]', 'abc[...] abc'],
    ['[:dquote|a"b] [:uquote|a  b]', '"a""b" a_b'],
    ['[:rot13|Hello]', 'Uryyb'],
    ['[:hexenc|AB] [:b64encode|A|B] [:b64enc|A] [:b64urlenc|\\377\\377]', '4142 QQ== Qg== QQ __8'],
    ['[:mime_decode|=?UTF-8?Q?caf=C3=A9?=|3]', 'caf'],
    ['[:mime_decode|=?UTF-8?Q?caf=C3=A9?=||1]', 'café (raw: =?UTF-8?Q?caf=C3=A9?=)'],
    ['[:wrap|12|> |  |one two three four]', '> one two\n  three four'],
  ],
}

for (const [name, cases] of Object.entries(tables)) {
  for (const [template, expected] of cases) {
    test(`template, ${name}: ${JSON.stringify(template)}`, () => assert.equal(expand(template), expected))
  }
}

test('a value is never read as a template', () => {
  assert.equal(expand('[:hostile] [%s|%s|] [? 1||[:hostile]]'), '[:uc|x] %s # "] ] <a@b> [:uc|x] %s # "] ]')
  assert.equal(expand('[~a|a|["[:hostile]"]]'), '[:uc|x] %s # "] ]')
})

test('a macro that calls itself without end is an error, not a hang', () => {
  assert.throws(() => expand('[=f|["[@f]"]][@f]'), /does not come to an end/)
  assert.throws(() => expand('[=f|["[@f][@f]xxxxxxxxxx"]][@f]'), /does not come to an end/)
})

test('a template of a hundred thousand unmatched quotes comes to an end', () => {
  assert.throws(() => expand('["'.repeat(100_000)), /does not come to an end/)
})
