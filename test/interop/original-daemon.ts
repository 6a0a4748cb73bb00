/**
 * original-daemon — Debian's amavisd in a folder and on a port of its own, to be compared with ours.
 *
 * Needs root, as it runs as its user, and the Debian package amavisd-new.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {chmodSync, chownSync, existsSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {findUser} from '../../src/process/privileges.ts'
import {greets} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const ORIGINAL = '/usr/sbin/amavisd'

export interface Original {
  readonly home: string
  readonly quarantine: string
  readonly port: number
  /** its configuration */
  readonly file: string
  /** its log */
  readonly log: string
}

/** @param lines of the configuration, after those that keep it to its folder */
export async function startOriginal(t: TestContext, lines: string): Promise<Original> {
  if (!existsSync(ORIGINAL)) throw new Error('this test needs the Debian package amavisd-new')
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  const home = path.join(folder, 'home')
  const quarantine = path.join(home, 'quarantine')
  for (const made of [home, quarantine]) mkdirSync(made)
  const {uid, gid} = findUser('amavis')
  for (const made of [home, quarantine]) chownSync(made, uid, gid)
  const port = await freePort()
  const file = path.join(folder, 'amavisd.conf')
  writeFileSync(
    file,
    `use strict;
$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = "$MYHOME/quarantine";
$daemon_user = 'amavis'; $daemon_group = 'amavis'; $max_servers = 1;
$lock_file = "$MYHOME/lock"; $pid_file = "$MYHOME/pid"; $myhostname = 'filter.example.com';
$enable_db = 0; $enable_zmq = 0; $enable_dkim_verification = 0;
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = ${port};
$do_syslog = 0; $logfile = "$MYHOME/log"; $log_level = 1; @av_scanners = (); @av_scanners_backup = ();
${lines}
1;
`,
  )
  const daemon: ChildProcess = spawn(ORIGINAL, ['-c', file, 'foreground'], {stdio: 'ignore'})
  t.after(async () => {
    daemon.kill('SIGTERM')
    await until('it to end', () => daemon.exitCode !== null || daemon.signalCode !== null).catch(() =>
      daemon.kill('SIGKILL'),
    )
  })
  await until("Debian's amavisd", () => greets(port))
  return {home, quarantine, port, file, log: path.join(home, 'log')}
}
