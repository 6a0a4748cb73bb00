/** rspamd — the true Rspamd (Debian) with a few rules of a test's own: no network, no Redis, no name server. */
import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {until} from './wait.ts'

const RSPAMD = '/usr/bin/rspamd'

/** Points from which on it would reject, and would add a header. */
export const RSPAMD_LEVELS = {reject: 15, addHeader: 6}

/**
 * AM_TEST_MARKER: 2.345 points; AM_TEST_ENVELOPE: what it was told, as options; and two fields for the mail. A mail
 * with X-Slow takes 1.5 s of work.
 */
const RULES = `
rspamd_config:register_symbol({name = 'AM_TEST_ENVELOPE', score = 0.0, callback = function(task)
  if task:get_header('X-Slow') then
    local enough = os.clock() + 1.5
    while os.clock() < enough do end
  end
  local recipients = task:get_recipients('smtp') or {}
  local from = (task:get_from('smtp') or {{}})[1].addr or ''
  local ip = task:get_from_ip()
  task:set_milter_reply({add_headers = {['X-Test-Bar'] = '+++'}, remove_headers = {['X-Old'] = 0}})
  return true, 0.0, tostring(#recipients), from, tostring(ip), tostring(task:get_helo()), tostring(task:get_queue_id()),
    tostring(task:get_user()), tostring(task:get_size())
end})
`

export interface RspamdOptions {
  readonly port: number
  /** processes that scan */
  readonly workers?: number
}

/** A configuration in a folder of its own. @returns path of the file. @throws when the package is not there */
export function writeRspamdConfiguration(home: string, {port, workers = 1}: RspamdOptions): string {
  assert.ok(existsSync(RSPAMD), `${RSPAMD} is missing: install the package rspamd`)
  const folder = path.join(home, 'rspamd')
  mkdirSync(folder, {recursive: true})
  const at = (name: string) => path.join(folder, name)
  writeFileSync(at('rules.lua'), RULES)
  writeFileSync(at('tlds.dat'), 'com\norg\ntest\n')
  writeFileSync(
    at('rspamd.conf'),
    `options {
  pidfile = "${at('pid')}"; filters = "regexp"; tempdir = "${folder}"; hs_cache_dir = "${folder}";
  control_socket = "${at('control')} mode=0600"; url_tld = "${at('tlds.dat')}"; local_addrs = [];
  dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "file"; filename = "${at('log')}"; level = "warning"; }
metric { actions { reject = ${RSPAMD_LEVELS.reject}; add_header = ${RSPAMD_LEVELS.addHeader}; } }
regexp { AM_TEST_MARKER = { re = "/a marker that only this test knows/P"; score = 2.345; description = "ours"; } }
lua = "${at('rules.lua')}";
worker "normal" { bind_socket = "127.0.0.1:${port}"; bind_socket = "${at('sock')} mode=0666"; count = ${workers}; }
`,
  )
  return at('rspamd.conf')
}

/** Start it in the foreground and wait until it takes connections. */
export async function startRspamd(file: string, {port}: RspamdOptions): Promise<ChildProcess> {
  // a process group of its own: it has workers
  const rspamd = spawn(RSPAMD, ['-f', '-i', '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  rspamd.stderr?.on('data', chunk => (said += chunk))
  await until('Rspamd to come up', async () => {
    if (rspamd.exitCode !== null) throw new Error(`rspamd ended with ${rspamd.exitCode}: ${said}`)
    return await accepts(port)
  })
  return rspamd
}

/** CPU time of its processes so far, in ticks of 10 ms. */
export function rspamdTicks(rspamd: ChildProcess): number {
  const below = readFileSync(`/proc/${rspamd.pid}/task/${rspamd.pid}/children`, 'utf8').trim().split(/\s+/)
  return below
    .map(pid =>
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' '),
    )
    .reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0)
}

/** All of it, at once. */
export async function killRspamd(rspamd: ChildProcess): Promise<void> {
  if (rspamd.exitCode !== null || rspamd.signalCode !== null) return
  const ended = new Promise(resolve => rspamd.once('exit', resolve))
  signalRspamd(rspamd, 'SIGKILL')
  await ended
}

export function signalRspamd(rspamd: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-rspamd.pid!, signal)
  } catch {
    // it has ended meanwhile
  }
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
