import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {spamScannerEntries} from '../../../src/checks/spam/entries.ts'
import {extProg, withoutProgramFields} from '../../../src/checks/spam/programs/ext-prog.ts'
import {until} from '../../support/wait.ts'
import {context, spamMail} from './support.ts'

/** A program of a test's own. @returns its folder and path */
function program(t: TestContext, script: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-ext-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  const file = path.join(folder, 'classify')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return {folder, file}
}

function scannerOf(folder: string, entry: string) {
  const {settings} = spamMail('\n', {
    conf: `$MYHOME = '${folder}'; $TEMPBASE = '${folder}'; @spam_scanners = ([${entry}]);`,
  })
  return extProg(spamScannerEntries(settings.list('@spam_scanners'))[0]!, settings)
}

const MAIL = 'Subject: x\n\nbody\n'

test('a program gets the mail on its input, its arguments as they are, and little else', async t => {
  const {folder, file} = program(
    t,
    'cat > mail; printf "%s\\n" "$@" > args; env > env; pwd >> env; echo "X-Bogosity: Spam, tests=x"',
  )
  const scanner = scannerOf(
    folder,
    `'Bogo', 'Amavis::SpamControl::ExtProg', '${file}', ['-e', '$HOME;*', 7], score_factor => 0.5`,
  )
  const result = await scanner.scan(spamMail(MAIL), context())
  assert.ok(result.kind === 'scanned')
  const {report} = result.answers[0]!
  assert.deepEqual([report.score, report.tests], [2.5, [{name: 'Bogo', score: 2.5}]])
  assert.match(
    readFileSync(path.join(folder, 'mail'), 'latin1'),
    /^Return-Path: <s@remote\.test>\nX-Envelope-To: .*\nSubject: x\n\nbody\n$/s,
  )
  assert.equal(readFileSync(path.join(folder, 'args'), 'latin1'), '-e\n$HOME;*\n7\n')
  const environment = readFileSync(path.join(folder, 'env'), 'latin1')
  assert.match(environment, new RegExp(`^HOME=${folder}$`, 'm'))
  assert.doesNotMatch(environment, /^(?:NODE|SHELL|USER)/m)
})

test('points are times the factor, also those of the test, which says what was found', async t => {
  const {folder, file} = program(t, 'cat > /dev/null; echo " 28.75"')
  const result = await scannerOf(folder, `'CRM114', 'ExtProg', '${file}', [], score_factor => -0.2`).scan(
    spamMail(MAIL),
    context(),
  )
  assert.ok(result.kind === 'scanned')
  assert.deepEqual(result.answers[0]?.report.tests, [{name: 'CRM114.GOOD(28.75)', score: -5.75}])
  assert.equal(result.answers[0]?.report.score, -5.75)
})

test('a large mail is cut for it', async t => {
  const {folder, file} = program(t, 'cat > mail; echo "GOOD 0.1"')
  const scanner = scannerOf(folder, `'sp', 'ExtProg', '${file}', ['score'], mail_body_size_limit => 1000`)
  assert.equal(
    (await scanner.scan(spamMail(`Subject: x\n\n${'line\n'.repeat(20_000)}`), context())).kind,
    'scanned',
  )
  assert.ok(readFileSync(path.join(folder, 'mail')).length < 2000)
})

test('one that does not read its input, says nothing that is known, or is killed, has failed', async t => {
  const large = spamMail(`Subject: x\n\n${'line\n'.repeat(500_000)}`)
  const deaf = program(t, 'echo "oh  no"; exit 3')
  assert.deepEqual(
    await scannerOf(deaf.folder, `'x', 'ExtProg', '${deaf.file}', []`).scan(large, context()),
    {
      kind: 'failed',
      reason: 'not understood: "oh no", exit status 3',
    },
  )
  const hung = program(t, 'sleep 100 & echo $! > pid; wait')
  const result = await scannerOf(hung.folder, `'x', 'ExtProg', '${hung.file}', []`).scan(
    spamMail(MAIL),
    context(500),
  )
  assert.deepEqual(result, {kind: 'failed', reason: 'killed after 500 ms'})
  const pid = readFileSync(path.join(hung.folder, 'pid'), 'latin1').trim()
  await until('what it has started to be killed with it', () => !existsSync(`/proc/${pid}/exe`))
})

test('a program that there is not, or that the entry does not name, is said when the scanner is made', () => {
  assert.throws(() => scannerOf('/', `'x', 'ExtProg', '/no/such', []`), /there is no program \/no\/such/)
  assert.throws(() => scannerOf('/', `'x', 'ExtProg', undef, []`), /it has no command/)
})

test('it learns with arguments of its own, and has no opinion where there are none', async t => {
  const {folder, file} = program(t, 'cat > "$1"; echo "X-Bogosity: Unsure"')
  const taught = scannerOf(
    folder,
    `'x', 'ExtProg', '${file}', ['c'], learn_ham => ['ham'], learn_spam => ['spam']`,
  )
  const result = await taught.scan(spamMail(MAIL), context())
  assert.equal(result.kind === 'scanned' && result.opinion, 'unsure')
  await taught.learn?.(spamMail(MAIL), 'spam', context())
  assert.match(readFileSync(path.join(folder, 'spam'), 'latin1'), /\nbody\n$/)
  assert.ok(!existsSync(path.join(folder, 'ham')))
  const untaught = await scannerOf(folder, `'x', 'ExtProg', '${file}', ['c']`).scan(spamMail(MAIL), context())
  assert.ok(untaught.kind === 'scanned' && untaught.opinion === undefined)
})

test('with a lock file one runs at a time', async t => {
  const {folder, file} = program(
    t,
    'cat > /dev/null; mkdir busy || echo two >> two; sleep 0.05; rmdir busy; echo "X-Bogosity: Ham"',
  )
  const scanner = scannerOf(
    folder,
    `'x', 'ExtProg', '${file}', [], lock_file => '${folder}/lock', lock_type => 'exclusive'`,
  )
  const results = await Promise.all([1, 2, 3].map(() => scanner.scan(spamMail(MAIL), context())))
  assert.deepEqual(
    results.map(({kind}) => kind),
    ['scanned', 'scanned', 'scanned'],
  )
  assert.ok(!existsSync(path.join(folder, 'two')))
})

test('fields that such programs write are taken out of the header, not out of the body', () => {
  const mail = 'A: 1\nX-DSPAM-Result: Innocent\n folded\nx-bogosity: Ham\nB: 2\n\nX-Bogosity: Ham\n'
  assert.equal(withoutProgramFields(Buffer.from(mail)).toString(), 'A: 1\nB: 2\n\nX-Bogosity: Ham\n')
  const clean = Buffer.from('A: 1\n\nx')
  assert.equal(withoutProgramFields(clean), clean)
})
