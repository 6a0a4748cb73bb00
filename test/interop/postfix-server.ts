/**
 * postfix-server — a private Postfix instance in a temporary folder, for interoperation tests.
 *
 * Needs root and the Debian package postfix; nothing under /etc is touched.
 */
import {execFileSync} from 'node:child_process'
import {chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

export interface Postfix {
  /** holds `etc`, with main.cf and master.cf, and `queue` */
  readonly folder: string
  /** everything it has logged so far */
  log(): string
  /** queue ids of what has not been delivered yet */
  queued(): string[]
  /**
   * Have its queue manager look for mail that has come in. It does so when mail comes, and not again for a mail that it
   * found locked then, by a delivery that had just been given up: one that is tried every second may wait long.
   */
  lookForMail(): void
  /** hand in a mail as a program of this machine does, by sendmail(1) */
  submit(sender: string, recipients: readonly string[], octets: Buffer): void
  stop(): void
}

const SERVICES = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

/**
 * @param main lines of main.cf beside those that make the instance private; a later setting takes the place of an earlier one
 * @param master services of master.cf beside the standard ones; a later one of a name takes the place of an earlier one
 */
export function startPostfix(main: string, master: string): Postfix {
  if (!existsSync('/usr/sbin/postfix')) throw new Error('this test needs the Debian package postfix')
  if (process.getuid?.() !== 0) throw new Error('this test needs root: Postfix starts as nobody else')
  const base = mkdtempSync(path.join(os.tmpdir(), 'amavis-postfix-'))
  const folder = (name: string) => path.join(base, name)
  for (const name of ['etc', 'data', 'queue']) mkdirSync(folder(name))
  const [uid, gid] = execFileSync('sh', ['-c', 'id -u postfix; id -g postfix'], {encoding: 'utf8'}).split(
    '\n',
  )
  chownSync(folder('data'), Number(uid), Number(gid))
  execFileSync('chmod', ['755', base])
  writeFileSync(
    folder('etc/main.cf'),
    lastOfEachName(
      `compatibility_level = 3.6
queue_directory = ${folder('queue')}
data_directory = ${folder('data')}
maillog_file_prefixes = ${os.tmpdir()}
maillog_file = ${folder('mail.log')}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mta.example.com
mydestination =
mynetworks = 127.0.0.0/8
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
in_flow_delay = 0
alias_maps =
disable_dns_lookups = yes
smtp_dns_support_level = disabled
${main}
`,
      /^\w+/,
    ),
  )
  writeFileSync(folder('etc/master.cf'), lastOfEachName(`${SERVICES}\n${master}`, /^\S+ +\S+/))
  const postfix = (...args: string[]) =>
    execFileSync('postfix', ['-c', folder('etc'), ...args], {stdio: 'ignore'})
  postfix('start')
  return {
    folder: base,
    log: () => readFileSync(folder('mail.log'), 'utf8'),
    queued: () =>
      execFileSync('postqueue', ['-c', folder('etc'), '-j'], {encoding: 'utf8'})
        .split('\n')
        .filter(Boolean)
        .map(line => (JSON.parse(line) as {queue_id: string}).queue_id),
    lookForMail() {
      net
        .connect(folder('queue/public/qmgr'))
        .on('error', () => {})
        .end('I')
    },
    submit(sender, recipients, octets) {
      execFileSync('sendmail', ['-C', folder('etc'), '-i', '-f', sender, ...recipients], {input: octets})
    },
    stop() {
      try {
        postfix('stop')
      } catch {
        postfix('abort')
      }
      rmSync(base, {recursive: true, force: true})
    },
  }
}

/**
 * Of the entries of a configuration file the last one of each name; an entry is a line and the indented lines below.
 * @param name what an entry begins with
 */
function lastOfEachName(text: string, name: RegExp): string {
  const entries = text.split(/^(?=[^\s#])/m)
  return [...new Map(entries.map(entry => [name.exec(entry)?.[0], entry])).values()].join('')
}
