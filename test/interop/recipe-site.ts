/**
 * recipe-site — a real Postfix and a real daemon of ours, configured by the files that `docs/postfix.md` prints.
 *
 * The texts stay as they are but for what a test has to have of its own: ports, folders, addresses of other hosts.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {type SunkMail, startSink} from '../../src/demo/sink.ts'
import {daemonLog, greets, startDaemon} from '../support/daemon.ts'
import {readRecipe, together} from '../support/recipe.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {type Postfix, startPostfix} from './postfix-server.ts'

export const SENDER = 'sender@remote.test'
export const USER = 'user@example.com'
// In pieces, so that no scanner takes this file for what it holds.
export const GTUBE = [
  'XJS*C4JDBQADN1',
  '.NSBN3*2IDNEN*',
  'GTUBE-STANDARD-ANTI-UBE',
  '-TEST-EMAIL*C.34X',
].join('')
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(
  '',
)

/** Ports that the recipes name; those from 10024 on stay neighbours, as `smtp:*:*` needs it. */
const PRINTED = [25, 587, 60_001, 60_002, 10_024, 10_025, 10_026, 10_027, 10_028]

export interface Site {
  /** what stands here for a port that is printed */
  port(printed: number): number
  /** what stands here for the folders that are printed */
  readonly home: string
  readonly postfix: Postfix
  readonly daemon: ChildProcess
  /** what has come to the next hop */
  readonly mails: readonly SunkMail[]
  /** of the filter */
  log(): string
}

export interface Circumstances {
  /** what main.cf has anyway */
  readonly main?: string
  /** what amavisd.conf has anyway */
  readonly conf?: string
  /** changes the printed texts */
  readonly change?: (text: string) => string
  /** what is to be there before the daemon starts */
  readonly prepare?: (home: string) => void | Promise<void>
  /** the filter's address and who may speak to it */
  readonly hosts?: {readonly filter: string; readonly mta: string}
}

/**
 * Start what recipes describe; everything ends with the test.
 * @param headings of recipes; what a later one says adds to the earlier ones, or takes its place
 */
export async function startSite(
  t: TestContext,
  headings: readonly string[],
  {main = '', conf = '', change = text => text, prepare, hosts}: Circumstances = {},
): Promise<Site> {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  mkdirSync(path.join(home, 'tmp'), {mode: 0o750})
  const port = await freePorts()
  const local = (text: string): string =>
    withPorts(change(text), port)
      .replace(/\/(?:etc|var\/lib|var\/spool|run)\/(?:postfix|amavis|dovecot)\b/g, home)
      .replace(/\b192\.0\.2\.(?=(?:10|25)\b)/g, '127.0.0.')

  const files = new Map(
    [...together(headings.map(heading => readRecipe('docs/postfix.md', heading)))].map(([name, text]) => [
      path.basename(name),
      local(text),
    ]),
  )
  const take = (name: string): string => {
    const text = files.get(name) ?? ''
    files.delete(name)
    return text
  }
  const mainLines = take('main.cf')
  const services = `smtp inet n - n - - smtpd\n${take('master.cf')}`
  const settings = take('50-user')
  for (const [name, text] of files) writeFileSync(path.join(home, name), text)

  await prepare?.(home)
  const daemon = await startDaemon(t, home, port(10_024), `${conf}\n${settings}`, [], port =>
    greets(port, hosts && {host: hosts.filter, localAddress: hosts.mta}),
  )
  if (files.has('amavisd-milter')) await startMilter(t, home, port(60_001))
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
relay_domains = example.com
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
${main}
${mainLines}`,
    services
      .replace(/^smtp inet/gm, `127.0.0.1:${port(25)} inet`)
      .replace(/^submission inet/gm, `127.0.0.1:${port(587)} inet`),
  )
  t.after(() => postfix.stop())
  return {port, home, postfix, daemon, mails: sink.mails, log: () => daemonLog(home)}
}

/** What stands in a text for the ports that are printed. */
export function withPorts(text: string, port: (printed: number) => number): string {
  return text.replace(/(?<![\d.])\d{5}\b/g, digits => String(port(Number(digits))))
}

/** Free ports for those that the recipes name; any other is itself. */
export async function freePorts(): Promise<(printed: number) => number> {
  const neighbours = PRINTED.filter(port => port > 10_000 && port < 11_000)
  for (;;) {
    const first = await freePort()
    const taken = await Promise.all(neighbours.map((_, n) => isTaken(first + n)))
    if (taken.includes(true)) continue
    const ports = new Map(neighbours.map((port, n) => [port, first + n]))
    for (const port of PRINTED) if (!ports.has(port)) ports.set(port, await freePort())
    return printed => ports.get(printed) ?? printed
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => resolve(true))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)))
  })
}

/** As its init script does: with what the file of defaults says. */
async function startMilter(t: TestContext, home: string, port: number): Promise<void> {
  if (!existsSync('/usr/sbin/amavisd-milter'))
    throw new Error('this test needs the Debian package amavisd-milter')
  const start = `. ./amavisd-milter
exec amavisd-milter -f -p milter.pid -s "$MILTERSOCKET" -S "$AMAVISSOCKET" -w "$WORKINGDIR"`
  const milter = spawn('/bin/sh', ['-c', start], {cwd: home, stdio: 'ignore'})
  t.after(() => milter.kill('SIGKILL'))
  await until('amavisd-milter to listen', () => isTaken(port))
}

export interface Mail {
  readonly subject: string
  readonly body?: string
  /** whole lines */
  readonly header?: string
  readonly sender?: string
  readonly recipients?: readonly string[]
}

/** Send a mail to a port of Postfix, by its printed number; the answer. */
export function send(site: Site, mail: Mail, printed = 25): Promise<string> {
  const {sender = SENDER, recipients = [USER]} = mail
  return sendMail(site.port(printed), {sender, recipient: recipients, octets: octetsOf(mail)})
}

export function octetsOf({subject, body = 'text', header = '', sender = SENDER}: Mail): Buffer {
  const lines = `Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nFrom: ${sender || SENDER}\r\nMessage-ID: <${subject}@remote.test>\r\nSubject: ${subject}\r\n${header}\r\n${body}\r\n`
  return Buffer.from(lines, 'latin1')
}

/** What came to the next hop under this subject, when all that Postfix had has gone on. */
export async function arrived(site: Site, subject: string): Promise<readonly SunkMail[]> {
  await until('all mail to go on', () => site.postfix.queued().length === 0)
  return site.mails.filter(({octets}) => octets.includes(`\r\nSubject: ${subject}\r\n`))
}
