import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {ScannerAnswer} from '../../../src/checks/virus/answer.ts'
import {type ScanResult, scanViruses} from '../../../src/checks/virus/scan.ts'
import type {ScanSubject, VirusScanner} from '../../../src/checks/virus/scanner.ts'
import type {Settings} from '../../../src/config/settings.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {temporaryFolder} from '../../support/wait.ts'
import {partsOf, SETTINGS, VIRUS} from './fakes.ts'

const MAIL = 'Subject: x\n\nhello\n'
const CLEAN: ScannerAnswer = {kind: 'clean'}
const BROKEN: ScannerAnswer = {kind: 'failed', reason: 'it is down'}
const seen = ({findings, answered}: ScanResult) => ({findings, answered})
const found = (...names: string[]): ScannerAnswer => ({kind: 'infected', names})

/** A scanner that gives an answer, and what it was asked. */
function scanner(
  name: string,
  answer: ScannerAnswer,
  onScan: (subject: ScanSubject, timeoutMs: number) => unknown = () => {},
) {
  const asked: number[] = []
  const made: VirusScanner = {
    name,
    description: name,
    async scan(subject, timeoutMs) {
      asked.push(timeoutMs)
      await onScan(subject, timeoutMs)
      return answer
    },
    close() {},
  }
  return Object.assign(made, {asked})
}

async function scan(
  t: TestContext,
  primary: readonly VirusScanner[],
  backup: readonly VirusScanner[] = [],
  {
    mail = MAIL,
    settings = SETTINGS,
    isWanted = true,
  }: {mail?: string; settings?: Settings; isWanted?: boolean} = {},
) {
  const logged: string[] = []
  const log = {
    enabled: () => true,
    write: (level: number, text: string) => void logged.push(`${level} ${text}`),
    forTask: () => log,
  }
  const folder = path.join(temporaryFolder(t), 'parts')
  const result = await scanViruses(
    octetsOf(Buffer.from(mail)),
    partsOf(mail),
    {primary, backup, isWanted},
    {settings, timeoutMs: 10_000, log, folder: async () => folder},
  )
  return {result, logged, folder}
}

const failure = (name: string, reason = 'it is down') => ({kind: 'scanner-failed', scanner: name, reason})
const virus = (name: string, ...names: string[]) => ({kind: 'virus', scanner: name, names})

test('with no scanner configured the built-in one looks alone, and at once', async t => {
  const mail = `Subject: x\n\n${VIRUS}\n`
  const {result} = await scan(t, [], [], {mail, isWanted: false})
  assert.deepEqual(seen(result), {
    findings: [virus('built-in test strings', 'Eicar-Test-Signature')],
    answered: 0,
  })
  const plan = {primary: [], backup: [], isWanted: false}
  const deps = {
    settings: SETTINGS,
    timeoutMs: 1,
    log: {enabled: () => false, write() {}, forTask: () => deps.log},
    folder: async () => '',
  }
  assert.ok(!(scanViruses(octetsOf(Buffer.from(MAIL)), [], plan, deps) instanceof Promise))
})

test('scanners that are configured and not installed are nobody: the mail is not clean', async t => {
  const {result, logged} = await scan(t, [])
  assert.deepEqual(seen(result), {
    findings: [failure('none', 'no virus scanner of the configuration is installed')],
    answered: 0,
  })
  assert.deepEqual(logged, ['-2 NO VIRUS SCANNERS AVAILABLE'])
})

test('the first scanner that finds something gives the names; the log tells of all', async t => {
  const {result, logged} = await scan(t, [
    scanner('A', CLEAN),
    scanner('B', found('x', 'y')),
    scanner('C', found('z')),
  ])
  assert.deepEqual(seen(result), {findings: [virus('B', 'x', 'y')], answered: 3})
  assert.ok(logged.includes('2 run_av (B): mail INFECTED: x, y'))
  assert.ok(logged.includes('2 virus_scan: (x, y), detected by 2 scanners: B, C'))
})

test('backups are asked only when no primary answered', async t => {
  const backup = scanner('backup', CLEAN)
  await scan(t, [scanner('A', BROKEN), scanner('B', CLEAN)], [backup])
  assert.deepEqual(backup.asked, [])
  const {result, logged} = await scan(t, [scanner('A', BROKEN)], [backup])
  assert.deepEqual(seen(result), {findings: [failure('A')], answered: 1})
  assert.ok(logged.includes('-1 WARN: all primary virus scanners failed, considering backups'))
})

test('primaries leave time for the backups', async t => {
  const primary = scanner('A', BROKEN)
  const backup = scanner('B', CLEAN)
  await scan(t, [primary], [backup])
  assert.equal(primary.asked[0], 6000)
  assert.ok(backup.asked[0]! > 3000 && backup.asked[0]! <= 10_000)
})

test('when all fail nobody has answered, and the log says so', async t => {
  const {result, logged} = await scan(t, [scanner('A', BROKEN)], [scanner('B', BROKEN)])
  assert.deepEqual(seen(result), {findings: [failure('A'), failure('B')], answered: 0})
  assert.ok(logged.includes('-2 AV: ALL VIRUS SCANNERS FAILED'))
})

test('a scanner that proves nothing by finding nothing does not count as an answer', async t => {
  const {result} = await scan(t, [scanner('A', {kind: 'inconclusive'})])
  assert.equal(result.answered, 0)
  assert.equal(result.findings[0]?.kind, 'scanner-failed')
  const other = await scan(t, [scanner('A', {kind: 'inconclusive'}), scanner('B', CLEAN)])
  assert.equal(other.result.answered, 1)
})

test('primaries are asked side by side, or one after the other to the first that finds something', async t => {
  let running = 0
  let most = 0
  const slow = async () => {
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
  }
  const make = () => [scanner('A', CLEAN, slow), scanner('B', found('x'), slow), scanner('C', CLEAN, slow)]
  await scan(t, make())
  assert.equal(most, 3)
  most = 0
  const settings = settingsFrom('use strict;\n$first_infected_stops_scan = 1;\n1;\n')
  const scanners = make()
  await scan(t, scanners, [], {settings})
  assert.equal(most, 1)
  assert.deepEqual(
    scanners.map(({asked}) => asked.length),
    [1, 1, 0],
  )
})

test('files are written once for all scanners that want them, and not for those that do not', async t => {
  const folders = new Set<unknown>()
  const want = async ({files}: ScanSubject) => folders.add(await files())
  await scan(t, [scanner('A', CLEAN, want), scanner('B', CLEAN, want)])
  assert.equal(folders.size, 1)
  const {folder} = await scan(t, [scanner('A', CLEAN)])
  assert.ok(!existsSync(folder))
})
