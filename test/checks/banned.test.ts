import assert from 'node:assert/strict'
import {test} from 'node:test'
import {checkBanned} from '../../src/checks/banned.ts'
import type {BannedHit} from '../../src/checks/finding.ts'
import type {Recipient} from '../../src/message/envelope.ts'
import type {Part} from '../../src/message/message.ts'
import {makePart} from '../../src/message/part.ts'
import {settingsFrom} from '../lookup/settings.ts'

const recipient = (address: string): Recipient => ({address, orcpt: undefined, notify: undefined})
const U = [recipient('u@x.y')]

function part(number: number, parent: number, placement: string, facts: Partial<Part>): Part {
  return makePart({number, parent, placement, ...facts})
}

/** A text; a zip with a program, a folder and an encrypted zip in it; a document under a program's name. */
const TREE: Part[] = [
  part(1, 4, '1/1', {declaredTypes: ['text/plain'], shortTypes: ['asc']}),
  part(2, 4, '1/2', {declaredTypes: ['application/zip'], shortTypes: ['zip'], names: ['a.zip']}),
  part(3, 4, '1/3', {
    declaredTypes: ['application/octet-stream', 'application/pdf'],
    shortTypes: ['pdf'],
    names: ['raw x.scr'],
  }),
  part(4, 0, '1', {kind: 'container', declaredTypes: ['multipart/mixed']}),
  part(5, 2, '1/2/1', {shortTypes: ['exe', 'exe-ms'], names: ['run.exe']}),
  part(6, 2, '1/2/2', {names: ['d/'], attributes: 'D'}),
  part(7, 2, '1/2/3', {shortTypes: ['zip'], names: ['enc.zip'], attributes: 'UC'}),
]

function check(config: string, recipients = U, parts = TREE): BannedHit[] {
  return checkBanned(parts, recipients, settingsFrom(`use strict;\n${config}\n1;\n`))
}

const reasons = (hits: BannedHit[]) => hits.map(({reason}) => reason)

const DEFAULT = `$banned_filename_re = new_RE( qr'\\.exe$'i );`
const Z = `'Z' => new_RE( [qr'^\\.zip$' => 0] )`

test('the default rule bans by name and type, and says where and why', () => {
  assert.deepEqual(check(DEFAULT), [
    {
      recipients: [0],
      path: 'P=p004,L=1,M=multipart/mixed | P=p002,L=1/2,M=application/zip,T=zip,N=a.zip | P=p005,L=1/2/1,T=exe,T=exe-ms,N=run.exe',
      reason: '.exe,.exe-ms,run.exe',
      rule: '(?^i:\\.exe$)',
      value: '1',
      discard: false,
    },
  ])
})

const tables: [title: string, config: string, hits: string[]][] = [
  ['nothing is banned where no rule is set', '', []],
  [
    'an allow rule for the archive, placed first, exempts what is in it',
    `@banned_filename_maps = ('Z,DEFAULT'); ${DEFAULT} %banned_rules = (${Z}, 'DEFAULT' => $banned_filename_re);`,
    [],
  ],
  [
    'placed after, it does not',
    `@banned_filename_maps = ('DEFAULT Z'); ${DEFAULT} %banned_rules = (${Z}, 'DEFAULT' => $banned_filename_re);`,
    ['.exe,.exe-ms,run.exe'],
  ],
  [
    'all matches of a map are collected, in order',
    `@banned_filename_maps = ({ 'u@x.y' => 'Z', '.' => 'DEFAULT' }); ${DEFAULT} %banned_rules = (${Z}, 'DEFAULT' => $banned_filename_re);`,
    [],
  ],
  [
    'unknown names and undefined rules are skipped; encrypted parts and comments',
    `@banned_filename_maps = ({ 'u@x.y' => 'NOSUCH,UNDEF,NOEXE', '.' => 'UND' });
     %banned_rules = ('UNDEF' => undef, 'NOEXE' => new_RE( [qr'^\\.exe-ms$(?# ms exe )' => 'DISCARD it'] ), 'UND' => new_RE( qr'^UNDECIPHERABLE$' ));`,
    ['ms exe:.exe,.exe-ms,run.exe', '.zip,enc.zip,UNDECIPHERABLE'],
  ],
  [
    'tables may stand in the map themselves',
    `@banned_filename_maps = ({ 'u@x.y' => [ new_RE( qr'\\.scr$' ), new_RE( qr'.' ) ] });`,
    [
      'text/plain,.asc',
      'application/octet-stream,application/pdf,.pdf,raw x.scr',
      '.exe,.exe-ms,run.exe',
      'd/',
      '.zip,enc.zip,UNDECIPHERABLE',
    ],
  ],
  ['a regexp table that is not wrapped is not a rule', `@banned_filename_maps = ( new_RE( qr'.' ) );`, []],
  [
    'the path of names is tried where the tables say nothing',
    `$banned_namepath_re = new_RE( qr'^P=p\\d+\\tL=1/3.*N=.*\\.scr'm );`,
    ['application/octet-stream,application/pdf,.pdf,raw x.scr'],
  ],
  [
    'the path of names is not tried where a table allows',
    `@banned_filename_maps = ('Z'); %banned_rules = (${Z});
     $banned_namepath_re = new_RE( qr'^P=p\\d+\\tL=1/3.*N=.*\\.scr'm, qr'T=exe-ms(\\t|$)'m );`,
    ['application/octet-stream,application/pdf,.pdf,raw x.scr'],
  ],
  [
    'an undefined value ends its table, and the next one is asked',
    `@banned_filename_maps = ('U,DEFAULT'); ${DEFAULT}
     %banned_rules = ('U' => new_RE( [qr'\\.exe$' => undef], qr'.' ), 'DEFAULT' => $banned_filename_re);`,
    [
      'text/plain,.asc',
      'application/octet-stream,application/pdf,.pdf,raw x.scr',
      '.exe,.exe-ms,run.exe',
      'd/',
      '.zip,enc.zip,UNDECIPHERABLE',
    ],
  ],
]

for (const [title, config, expected] of tables) {
  test(title, () => assert.deepEqual(reasons(check(config)), expected))
}

test('a rule that says DISCARD spares the sender', () => {
  const [hit] = check(`$banned_filename_re = new_RE( [qr'\\.exe$' => 'DISCARD it'] );`)
  assert.equal(hit?.discard, true)
})

test('each recipient has rules of his own, and those who bypass the checks have none', () => {
  const hits = check(
    `${DEFAULT} @banned_filename_maps = ({ 'free@x.y' => 'NONE', '.' => 'DEFAULT' }); @bypass_banned_checks_maps = (['bypass@x.y']);
     %banned_rules = ('NONE' => new_RE( [qr'.' => 0] ), 'DEFAULT' => $banned_filename_re);`,
    [recipient('a@x.y'), recipient('free@x.y'), recipient('bypass@x.y'), recipient('b@x.y')],
  )
  assert.deepEqual(
    hits.map(({recipients}) => recipients),
    [[0, 3]],
  )
})

test('tabs and line ends in names are blanks in paths', () => {
  const parts = [part(1, 0, '1', {declaredTypes: ['a/b'], names: ['x\ty\nz.exe']})]
  assert.equal(check(DEFAULT, U, parts)[0]?.path, 'P=p001,L=1,M=a/b,N=x y z.exe')
})

test('a name of a megabyte is still judged by its end', () => {
  const parts = [part(1, 0, '1', {names: [`${'x'.repeat(1_000_000)}.exe`]})]
  assert.equal(check(DEFAULT, U, parts).length, 1)
})
