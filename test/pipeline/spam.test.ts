import assert from 'node:assert/strict'
import {once} from 'node:events'
import {chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import http from 'node:http'
import type net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {SpamScanners} from '../../src/checks/spam/scanners.ts'
import {Run} from '../../src/pipeline/run.ts'
import {checkSpam} from '../../src/pipeline/spam.ts'
import {factsOf} from '../../src/verdict/facts.ts'
import {pointsFor} from '../../src/verdict/points.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {recordedServices, reporting} from './make-report.ts'

/** Two programs and an Rspamd of a few lines. */
async function engines(t: TestContext) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-engines-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  const program = (name: string, script: string) => {
    const file = path.join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
    return file
  }
  const bogofilter = program('bogofilter', `cat > ${folder}/in.$1; echo "X-Bogosity: Ham, tests=bogofilter"`)
  const crm = program('crm', 'cat > /dev/null; echo " -20.5"')
  const rspamd = http.createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.end('{"score":8,"action":"add header","symbols":{"R":{"score":8}}}'))
  })
  rspamd.listen(0, '127.0.0.1')
  await once(rspamd, 'listening')
  t.after(() => rspamd.closeAllConnections())
  t.after(() => rspamd.close())
  const {port} = rspamd.address() as net.AddressInfo
  const learning = "learn_ham => ['ham'], learn_spam => ['spam']"
  return {
    folder,
    settings: settingsFrom(`use strict; $MYHOME = '${folder}'; $TEMPBASE = '${folder}';
@spam_scanners = (
  ['Rspamd', 'Amavis::SpamControl::RspamdClient', url => 'http://127.0.0.1:${port}/', score_factor => 0.5],
  ['Bogofilter', 'Amavis::SpamControl::ExtProg', '${bogofilter}', ['check'], score_factor => 0.2, ${learning}],
  ['CRM114', 'Amavis::SpamControl::ExtProg', '${crm}', [], score_factor => -0.1],
  ['gone', 'Amavis::SpamControl::ExtProg', '/no/such/program', []]);
1;`),
  }
}

test('several engines: points times their factors add up, tests and fields are joined, each has its section', async t => {
  const {settings, folder} = await engines(t)
  const {mail, header} = reporting()
  const {services, logged} = recordedServices()
  const spamScanners = new SpamScanners({settings, log: services.log, report() {}})
  t.after(() => spamScanners.close())
  const run = new Run({state() {}, mark() {}, remainingMs: () => 10_000})
  const findings = await checkSpam(
    {
      mail,
      mailId: 'abc',
      content: mail.octets.memory ?? Buffer.alloc(0),
      header,
      parts: [],
      settings,
      virusStatus: undefined,
      osFingerprint: undefined,
      signatures: undefined,
    },
    run,
    {...services, spamScanners, shareMs: () => 10_000, reportScanner: () => {}},
  )
  const {score, tests} = pointsFor(findings, 0)
  assert.equal(score, 5.05)
  assert.deepEqual(
    tests.map(({name, score: points}) => `${name}=${points}`),
    ['R=8', 'Bogofilter=-1', 'CRM114.SPAM(-20.5)=2.05'],
  )
  assert.deepEqual(factsOf(findings).scannerFields, [
    ['X-Bogosity', 'Ham, tests=bogofilter'],
    ['X-CRM114-Status', 'SPAM ( -20.5 )'],
  ])
  assert.deepEqual(
    mail.timing.sections.map(({name}) => name).sort(),
    ['Bogofilter', 'Bogofilter learn', 'CRM114', 'Rspamd', 'gone'].sort(),
  )
  assert.ok(logged.some(line => line === '-1 gone FAILED: there is no program /no/such/program'))
  assert.ok(logged.some(line => line === '2 Bogofilter learnt spam, exit status 0'))
  assert.ok(existsSync(path.join(folder, 'in.spam')))
})
