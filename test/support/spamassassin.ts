/** spamassassin — the true SpamAssassin and spamd (Debian), with Debian's rules, local tests only, learning off. */
import assert from 'node:assert/strict'
import {type ChildProcess, execFile, spawn} from 'node:child_process'
import {chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {promisify} from 'node:util'
import {SpamHelper} from '../../src/daemon/spam-helper.ts'
import {until} from './wait.ts'

const CONFIGURATION = '/etc/spamassassin'

/** The field in which spamd and spamassassin give the points of each test. */
const SITE = `use_bayes 0
bayes_auto_learn 0
use_auto_whitelist 0
dns_available no
report_safe 0
fold_headers 0
clear_headers
add_header all Status "_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTSSCORES(,)_ autolearn=_AUTOLEARN_ version=_VERSION_"
add_header all Points _TESTSSCORES(,)_
`

/** A folder of site configuration of the test's own. @throws when the package is not there */
export function siteFolder(home: string, lines = ''): string {
  assert.ok(existsSync(CONFIGURATION), `${CONFIGURATION} is missing: install the package spamassassin`)
  const folder = path.join(home, 'site')
  mkdirSync(folder)
  for (const name of readdirSync(CONFIGURATION).filter(file => file.endsWith('.pre')))
    copyFileSync(path.join(CONFIGURATION, name), path.join(folder, name))
  writeFileSync(path.join(folder, 'local.cf'), `${SITE}${lines}`)
  // spamd is not root when it scans
  for (const file of [home, folder]) chmodSync(file, 0o755)
  return folder
}

/** Start a helper as a generation of the daemon does. */
export function startHelper(home: string, site: string, said: string[] = [], rules = ''): SpamHelper {
  return new SpamHelper({
    plan: {home, configpath: rules, siteconfigpath: site, userprefs: '', local_tests_only: '1', debug: ''},
    base: home,
    path: '',
    say: (level, text) => void said.push(`${level} ${text}`),
  })
}

/** Start spamd with two children and wait until it takes connections on its first TCP port. */
export async function startSpamd(
  site: string,
  port: number,
  args: readonly string[] = [],
): Promise<ChildProcess> {
  const spamd = '/usr/sbin/spamd'
  assert.ok(existsSync(spamd), `${spamd} is missing: install the package spamd`)
  const daemon = spawn(
    spamd,
    [
      '-L',
      '-x',
      '--min-children=2',
      '--max-children=2',
      `--siteconfigpath=${site}`,
      '-s',
      'stderr',
      ...args,
      `--listen=127.0.0.1:${port}`,
    ],
    {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, HOME: site}},
  )
  let said = ''
  daemon.stderr?.on('data', chunk => (said += chunk))
  await until('spamd to come up', async () => {
    if (daemon.exitCode !== null) throw new Error(`spamd ended with ${daemon.exitCode}: ${said}`)
    return await accepts(port)
  })
  return daemon
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await ended
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** What `spamassassin -t` says of each file: `NAME=points,…`. */
export async function testsBySpamassassin(
  site: string,
  files: readonly string[],
): Promise<readonly string[]> {
  const {stdout} = await promisify(execFile)(
    'spamassassin',
    ['-t', '-L', '-x', `--siteconfigpath=${site}`, ...files],
    {maxBuffer: 256 * 1024 * 1024, encoding: 'latin1', env: {...process.env, HOME: site}},
  )
  const found = [...stdout.matchAll(/^X-Spam-Points: (.*)$/gm)].map(match => match[1] ?? '')
  assert.equal(found.length, files.length, 'spamassassin did not answer for each file')
  return found
}
