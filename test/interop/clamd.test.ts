/**
 * The true clamd, clamscan and clamdscan (Debian: clamav-daemon, clamav, clamdscan), with a signature of our own,
 * as configurations name them.
 */
import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, before, test} from 'node:test'
import type {Finding} from '../../src/checks/finding.ts'
import {scanViruses} from '../../src/checks/virus/scan.ts'
import {VirusScanners} from '../../src/checks/virus/scanners.ts'
import type {Settings} from '../../src/config/settings.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {until} from '../support/wait.ts'
import {Clamd, MARKER, MARKER_NAME} from './clamd-process.ts'

const PORT = 22_600
const folder = mkdtempSync(path.join(tmpdir(), 'amavis-true-clamd-'))
chmodSync(folder, 0o755)
const clamd = new Clamd(folder, PORT)
const logged: string[] = []
const changes: string[] = []
const log = {
  enabled: () => true,
  write: (level: number, text: string) => void logged.push(`${level} ${text}`),
  forTask: () => log,
}
const scanners = new VirusScanners({
  log,
  report: (name, condition) => void changes.push(`${name} ${condition}`),
})

before(() => clamd.start())

after(async () => {
  scanners.close()
  await clamd.kill()
  rmSync(folder, {recursive: true})
})

const RULES = 'qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m'

const unix = settingsFrom(`use strict;
@av_scanners = (['ClamAV-clamd', \\&ask_daemon, ["CONTSCAN {}\\n", '${clamd.socket}'], ${RULES}]);
1;\n`)

/** What a scanner said is its own affair. */
function withoutOutput(finding: Finding): Finding {
  if (finding.kind !== 'virus') return finding
  const {output: _, ...rest} = finding
  return rest
}

async function scan(mail: string, settings: Settings, timeoutMs = 30_000) {
  const octets = Buffer.from(mail.replaceAll('\n', '\r\n'))
  const {parts} = readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 10})
  const parts_ = path.join(folder, 'parts')
  try {
    const {findings, answered} = await scanViruses(octetsOf(octets), parts, scanners.for(settings), {
      settings,
      timeoutMs,
      log,
      folder: async () => parts_,
    })
    return {findings: findings.map(withoutOutput), answered}
  } finally {
    rmSync(parts_, {recursive: true, force: true})
  }
}

const CLEAN = {findings: [], answered: 1}
const infectedBy = (scanner: string) => ({
  findings: [{kind: 'virus', scanner, names: [MARKER_NAME]}],
  answered: 1,
})
const base64 = Buffer.from(`before ${MARKER}`).toString('base64')
const ATTACHED = `Content-Transfer-Encoding: base64\n\n${base64}\n`

const entries: [name: string, entry: string][] = [
  ['clamd on its Unix socket', `\\&ask_daemon, ["CONTSCAN {}\\n", '${clamd.socket}'], ${RULES}`],
  ['clamd over TCP', `\\&ask_daemon, ["CONTSCAN {}\\n", '127.0.0.1:${PORT}'], ${RULES}`],
  ['clamd by its prefix', `\\&ask_daemon, ["*", 'clamd:${clamd.socket}'], ${RULES}`],
  ['clamd by files', `\\&ask_daemon, ["CONTSCAN {}\\n", 'simple:${clamd.socket}'], ${RULES}`],
  ['clamd file by file', `\\&ask_daemon, ["SCAN {}/*\\n", '${clamd.socket}'], ${RULES}`],
  [
    'clamscan',
    `'clamscan', "--stdout --no-summary -r --database=${clamd.database} --tempdir=${folder} {}", [0], qr/:.*\\sFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m`,
  ],
  [
    'clamdscan',
    `'clamdscan', "--stdout --no-summary --config-file=${clamd.config} {}", [0], qr/:.*\\sFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m`,
  ],
]

for (const [name, entry] of entries) {
  test(`${name} finds a signature in a body and in an attachment, and nothing in a clean mail`, async () => {
    const settings = settingsFrom(`use strict;\n@av_scanners = (['${name}', ${entry}]);\n1;\n`)
    assert.deepEqual(await scan('Subject: x\n\nhello\n', settings), CLEAN, logged.join('\n'))
    assert.deepEqual(await scan(`Subject: x\n\n${MARKER}\n`, settings), infectedBy(name))
    assert.deepEqual(await scan(ATTACHED, settings), infectedBy(name))
  })
}

test('a clean mail with many encoded parts is clean', async () => {
  const part = `--b\nContent-Transfer-Encoding: base64\n\n${Buffer.from('harmless').toString('base64')}\n`
  const mail = `Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(50)}--b--\n`
  assert.deepEqual(await scan(mail, unix), CLEAN)
})

test('a mail that is larger than the daemon takes as a stream is asked about by files, as the query is written', async () => {
  const large = 'large\n'.repeat(500_000)
  assert.deepEqual(await scan(`Subject: x\n\n${large}`, unix), CLEAN)
  assert.deepEqual(await scan(`Subject: x\n\n${large}${MARKER}\n`, unix), infectedBy('ClamAV-clamd'))
  assert.ok(logged.some(line => /size limit exceeded.*asking by files/.test(line)))
})

test('a clamd that hangs is given up in seconds, the next mail does not wait, and its recovery is noticed', async () => {
  clamd.signal('SIGSTOP')
  const asked = await scan('Subject: x\n\nhello\n', unix)
  assert.equal(asked.answered, 0)
  assert.deepEqual(
    asked.findings.map(({kind}) => kind),
    ['scanner-failed'],
  )
  await until('the breaker', () => changes.at(-1) === 'ClamAV-clamd open')
  const start = performance.now()
  assert.equal((await scan('Subject: x\n\nhello\n', unix)).answered, 0)
  assert.ok(performance.now() - start < 500)
  clamd.signal('SIGCONT')
  await until('the recovery', () => changes.at(-1) === 'ClamAV-clamd ok', 10_000)
  assert.deepEqual(await scan(`Subject: x\n\n${MARKER}\n`, unix), infectedBy('ClamAV-clamd'))
})

test('a clamd that is killed while it has a mail gives no answer; started anew it is asked again', async () => {
  clamd.signal('SIGSTOP')
  const asked = scan('Subject: x\n\nhello\n', unix)
  await new Promise(resolve => setTimeout(resolve, 100))
  await clamd.kill()
  const result = await asked
  assert.equal(result.answered, 0)
  assert.equal(result.findings[0]?.kind, 'scanner-failed')
  await until('the breaker', () => changes.at(-1) === 'ClamAV-clamd open')
  const start = performance.now()
  assert.equal((await scan('Subject: x\n\nhello\n', unix)).answered, 0)
  assert.ok(performance.now() - start < 500)
  await clamd.start()
  await until('the recovery', () => changes.at(-1) === 'ClamAV-clamd ok', 10_000)
  assert.deepEqual(await scan('Subject: x\n\nhello\n', unix), CLEAN)
})

test('clamscan is the backup of a clamd that is down', async () => {
  const [, clamscan] = entries.find(([name]) => name === 'clamscan')!
  const settings = settingsFrom(`use strict;
@av_scanners = (['down', \\&ask_daemon, ["CONTSCAN {}\\n", '${folder}/nobody.ctl'], ${RULES}]);
@av_scanners_backup = (['ClamAV-clamscan', ${clamscan}]);
1;\n`)
  assert.deepEqual(await scan(ATTACHED, settings), infectedBy('ClamAV-clamscan'))
  assert.ok(logged.includes('-1 WARN: all primary virus scanners failed, considering backups'))
})

test('files for scanners are gone when the mail is done with', () => {
  assert.ok(existsSync(clamd.socket))
  assert.ok(!readdirSync(folder).includes('parts'))
})
