/** daemon — the built program running in a folder of the test's own. */
import {type ChildProcess, spawn} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {AMAVIS} from './amavis.ts'
import {until} from './wait.ts'

/**
 * A configuration on loopback with everything under `home`; `lines` come last and may override.
 * @returns path of the file
 */
export function writeConfiguration(home: string, port: number, lines = ''): string {
  mkdirSync(path.join(home, 'quarantine'), {recursive: true})
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `use strict;
$MYHOME = '${home}';
$TEMPBASE = $MYHOME;
$QUARANTINEDIR = "$MYHOME/quarantine";
$mydomain = 'example.com';
$myhostname = 'filter.example.com';
$max_servers = 4;
@spam_scanners = ();
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = ${port};
@local_domains_maps = ( ['.example.com'] );
$log_level = 2;
$do_syslog = 0;
$logfile = "$MYHOME/amavis.log";
@zmq_sockets = ("ipc://$MYHOME/inner.sock");
$bus_outer_socket = "ipc://$MYHOME/outer.sock";
$bus_snmp_socket = "ipc://$MYHOME/snmp.sock";
$final_virus_destiny = D_DISCARD;
$final_banned_destiny = D_BOUNCE;
$final_spam_destiny = D_REJECT;
$final_bad_header_destiny = D_PASS;
$banned_filename_re = new_RE( qr'.\\.(exe|vbs|pif|scr)$'i );
$sa_tag2_level_deflt = 6; $sa_kill_level_deflt = 6;
${lines}
1;
`,
  )
  return file
}

/** Start it in the foreground and wait until it answers; it ends with the test. */
export async function startDaemon(
  t: TestContext,
  home: string,
  port: number,
  lines = '',
  args: readonly string[] = [],
  isUp: (port: number) => Promise<boolean> = greets,
): Promise<ChildProcess> {
  const file = writeConfiguration(home, port, lines)
  const child = spawn(process.execPath, [AMAVIS, 'foreground', '--allow-root', '-c', file, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', chunk => (said += chunk))
  t.after(async () => {
    child.kill('SIGTERM')
    await until('the daemon to end', () => child.exitCode !== null || child.signalCode !== null).catch(() =>
      child.kill('SIGKILL'),
    )
  })
  await until(`the daemon on port ${port} (it said: ${said})`, async () => {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${said}`)
    return await isUp(port)
  })
  return child
}

/** Whether an SMTP server says 220 on a port, of loopback unless another host is named. */
export function greets(
  port: number,
  ends: {readonly host: string; readonly localAddress?: string} = {host: '127.0.0.1'},
): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({port, ...ends})
    socket.once('data', chunk => {
      resolve(chunk.toString('latin1').startsWith('220'))
      socket.end('QUIT\r\n')
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

/** The log of a daemon started above. */
export function daemonLog(home: string): string {
  return readFileSync(path.join(home, 'amavis.log'), 'utf8')
}
