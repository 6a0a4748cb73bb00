/**
 * The mails of SpamAssassin's own corpus get the same tests and points through the helper, through spamd, through
 * spamd with KeepConf, and from `spamassassin -t` itself, given the same octets (Debian's rules, local tests only,
 * learning off).
 */
import assert from 'node:assert/strict'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {spamScannerEntries} from '../../src/checks/spam/entries.ts'
import {scannedText} from '../../src/checks/spam/scanned-text.ts'
import type {SpamScanner} from '../../src/checks/spam/scanner.ts'
import {spamAssassin} from '../../src/checks/spam/spamassassin/spam-assassin.ts'
import {spamdClient} from '../../src/checks/spam/spamd/spamd-client.ts'
import {context, spamMail, watched} from '../checks/spam/support.ts'
import {
  endProcess,
  siteFolder,
  startHelper,
  startSpamd,
  testsBySpamassassin,
} from '../support/spamassassin.ts'
import {freePort} from '../support/wait.ts'
import {sharedPath} from './shared.ts'

const entryOf = (list: string) => {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (${list});`})
  return spamScannerEntries(settings.list('@spam_scanners'))[0]!
}

test('the corpus gets the same tests and points on all four ways', {timeout: 600_000}, async t => {
  const folder = sharedPath('corpus', 'mail', 'spamassassin')
  const names = readdirSync(folder).filter(name => name.endsWith('.eml'))
  assert.ok(names.length >= 30)
  const home = mkdtempSync(path.join(os.tmpdir(), 'amavis-sa-conformance-'))
  t.after(() => rmSync(home, {recursive: true, force: true}))
  const site = siteFolder(home)
  const mails = names.map(name => {
    const text = readFileSync(path.join(folder, name), 'latin1').replace(/\r\n/g, '\n')
    return spamMail(text, {conf: "$mydomain = 'example.com';"})
  })

  const given = path.join(home, 'given')
  mkdirSync(given)
  const files = mails.map((mail, index) => {
    const file = path.join(given, String(index).padStart(4, '0'))
    writeFileSync(file, scannedText(mail, undefined).octets)
    return file
  })
  const reference = testsBySpamassassin(site, files)

  const helper = startHelper(home, site)
  t.after(() => helper.stop())
  const keepConf = path.resolve('helpers/KeepConf.pm')
  const keepingHome = path.join(home, 'keeping')
  mkdirSync(keepingHome)
  const scanners = {
    helper: spamAssassin(entryOf("['SpamAssassin', 'SpamAssassin']"), helper.socketPath),
    spamd: await startedSpamd(site),
    keeping: await startedSpamd(siteFolder(keepingHome, `loadplugin Amavis::KeepConf ${keepConf}\n`)),
  }
  t.after(() => scanners.helper.close())
  const [expected, byHelper, bySpamd, byKeeping] = await Promise.all([
    reference,
    all(scanners.helper),
    all(scanners.spamd),
    all(scanners.keeping),
  ])

  async function startedSpamd(folder: string): Promise<SpamScanner> {
    const port = await freePort()
    const spamd = await startSpamd(folder, port)
    t.after(() => endProcess(spamd))
    const entry = entryOf(`['SpamdClient', 'SpamdClient', host => '127.0.0.1', port => ${port}]`)
    return await spamdClient(entry, watched().deps)
  }

  async function all(scanner: SpamScanner): Promise<readonly string[]> {
    const found: string[] = []
    for (const mail of mails) {
      const result = await scanner.scan(mail, context(120_000))
      assert.ok(result.kind === 'scanned', result.kind === 'failed' ? result.reason : '')
      const report = result.answers[0]!.report
      const sum = report.tests.reduce((points, {score}) => points + (score ?? Number.NaN), 0)
      assert.ok(Math.abs(report.score - sum) < 0.001, `the score ${report.score} is not the sum ${sum}`)
      found.push(report.tests.map(({name, score}) => `${name}=${score}`).join() || 'none')
    }
    return found
  }

  const withNumbers = (text: string) =>
    text === 'none' ? text : text.replace(/=([^,]+)/g, (_, points) => `=${Number(points)}`)
  for (const [index, name] of names.entries()) {
    assert.equal(byHelper[index], withNumbers(expected[index]!), `${name} by the helper`)
    assert.equal(bySpamd[index], withNumbers(expected[index]!), `${name} by spamd`)
    assert.equal(byKeeping[index], withNumbers(expected[index]!), `${name} by spamd with KeepConf`)
  }
  t.diagnostic(`${names.length} mails`)
})
