/** The true bogofilter, spamprobe and crm114 (Debian), taught a little, and dspam by a script that writes as it does. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {spamScannerEntries} from '../../src/checks/spam/entries.ts'
import {extProg} from '../../src/checks/spam/programs/ext-prog.ts'
import type {SpamScanner} from '../../src/checks/spam/scanner.ts'
import {silentLog} from '../../src/log/log.ts'
import {spamMail} from '../checks/spam/support.ts'

const CONTEXT = {timeoutMs: 20_000, log: silentLog}
const SPAM = spamMail('Subject: buy now\n\ncheap pills, buy pills, pills for everybody, buy now\n')
const HAM = spamMail('Subject: meeting\n\nlet us meet tomorrow for lunch, all of us, at the usual place\n')

function home(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-classifiers-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

function scannerOf(folder: string, entry: string): SpamScanner {
  const conf = `$MYHOME = '${folder}'; $helpers_home = '${folder}'; $TEMPBASE = '${folder}'; @spam_scanners = ([${entry}]);`
  const {settings} = spamMail('\n', {conf})
  return extProg(spamScannerEntries(settings.list('@spam_scanners'))[0]!, settings)
}

/** Name and points of its only test. */
async function testOf(scanner: SpamScanner, mail: typeof SPAM): Promise<string> {
  const result = await scanner.scan(mail, CONTEXT)
  assert.ok(result.kind === 'scanned', result.kind === 'failed' ? result.reason : '')
  const [{name, score}] = result.answers[0]!.report.tests as [{name: string; score: number}]
  return `${name}=${score}`
}

async function teach(scanner: SpamScanner, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await scanner.learn?.(SPAM, 'spam', CONTEXT)
    await scanner.learn?.(HAM, 'ham', CONTEXT)
  }
}

test('bogofilter', async t => {
  const folder = home(t)
  const args = (...more: string[]) => `['-d', '${folder}', ${more.map(arg => `'${arg}'`).join()}]`
  const scanner = scannerOf(
    folder,
    `'Bogofilter', 'ExtProg', 'bogofilter', ${args('-e', '-v')}, learn_ham => ${args('-n')}, learn_spam => ${args('-s')}, lock_file => '${folder}/lock'`,
  )
  await teach(scanner, 1)
  assert.deepEqual(
    [await testOf(scanner, SPAM), await testOf(scanner, HAM)],
    ['Bogofilter=5', 'Bogofilter=-5'],
  )
})

test('spamprobe', async t => {
  const folder = home(t)
  const args = (...more: string[]) => `['-c', '-d', '${folder}/sp', ${more.map(arg => `'${arg}'`).join()}]`
  const scanner = scannerOf(
    folder,
    `'SpamProbe', 'ExtProg', 'spamprobe', ${args('score')}, learn_ham => ${args('good')}, learn_spam => ${args('spam')}`,
  )
  await teach(scanner, 2)
  assert.deepEqual(
    [await testOf(scanner, SPAM), await testOf(scanner, HAM)],
    ['SpamProbe.SPAM=5', 'SpamProbe.GOOD=-5'],
  )
})

test('crm114 with mailreaver', async t => {
  const folder = home(t)
  const programs = '/usr/share/crm114'
  for (const name of readdirSync(programs)) copyFileSync(path.join(programs, name), path.join(folder, name))
  for (const name of ['rewrites', 'priolist', 'whitelist', 'blacklist'])
    writeFileSync(path.join(folder, `${name}.mfp`), '')
  for (const name of ['spam.css', 'nonspam.css'])
    execFileSync('cssutil', ['-b', '-r', path.join(folder, name)], {stdio: 'ignore'})
  // it learns from what it has stored
  for (const name of ['texts', 'known_spam', 'known_good', 'prob_spam', 'prob_good', 'empty'])
    mkdirSync(path.join(folder, 'reaver_cache', name), {recursive: true})
  const args = (...more: string[]) =>
    `['-u', '${folder}', 'mailreaver.crm', ${more.map(arg => `'${arg}'`).join()}]`
  const entry = (...more: string[]) =>
    `'CRM114', 'ExtProg', 'crm', ${args('--dontstore', '--report_only', ...more)}, score_factor => -0.2, learn_ham => ${args('--good')}, learn_spam => ${args('--spam')}`
  const scanner = scannerOf(folder, entry('--stats_only'))
  await teach(scanner, 3)
  assert.match(await testOf(scanner, SPAM), /^CRM114\.(?:SPAM|UNSURE)\(-\d+\.\d+\)=\d/)
  assert.match(await testOf(scanner, HAM), /^CRM114\.(?:GOOD|UNSURE)\(\d+\.\d+\)=-\d/)
  const result = await scannerOf(folder, entry()).scan(SPAM, CONTEXT)
  assert.ok(result.kind === 'scanned')
  assert.ok(result.answers[0]!.report.fields?.some(([name]) => name === 'X-CRM114-Status'))
})

test('dspam, as its client writes', async t => {
  const folder = home(t)
  mkdirSync(path.join(folder, 'bin'))
  const file = path.join(folder, 'bin', 'dspam')
  writeFileSync(
    file,
    `#!/bin/sh
if grep -q pills; then r=Spam; else r=Innocent; fi
echo "X-DSPAM-Result: $7; result=\\"$r\\"; class=\\"$r\\"; probability=1.0000; confidence=0.80; signature=4a1b2c"
`,
  )
  chmodSync(file, 0o755)
  const scanner = scannerOf(
    folder,
    `'DSPAM', 'ExtProg', '${file}', [qw(--stdout --classify --deliver=innocent,spam --mode=toe --feature=chained,noise --user amavis)]`,
  )
  assert.deepEqual(
    [await testOf(scanner, SPAM), await testOf(scanner, HAM)],
    ['DSPAM.Spam=10', 'DSPAM.Innocent=-1'],
  )
})
