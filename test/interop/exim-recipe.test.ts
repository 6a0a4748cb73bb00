/**
 * The recipe of docs/exim.md, as it is printed, with Exim and the configuration of Debian.
 *
 * Debian's packages of Exim and Postfix exclude each other: Exim's are unpacked into a folder, not installed.
 */
import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import {daemonLog, greets, startDaemon} from '../support/daemon.ts'
import {readRecipe} from '../support/recipe.ts'
import {temporaryFolder, until} from '../support/wait.ts'
import {EICAR, freePorts, GTUBE, type Mail, octetsOf, SENDER, USER, withPorts} from './recipe-site.ts'

const UNPACKED = process.env['AMAVIS_TEST_EXIM'] ?? ''
const EXIM = path.join(UNPACKED, 'usr/sbin/exim4')
const EXIM_USER = 'Debian-exim'

interface Site {
  readonly sink: Sink
  /** over SMTP, from this address; throws where it is refused */
  send(mail: Mail, localAddress?: string): void
  /** as a program of this machine does */
  submit(mail: Mail): void
  queued(): string
  log(): string
  filterLog(): string
}

/**
 * Debian's configuration and what the recipe adds, all below `home`.
 * @returns the file that Exim reads, and the lines of amavisd.conf
 */
function configure(
  home: string,
  port: (printed: number) => number,
  nextHop: number,
): {readonly configuration: string; readonly settings: string} {
  const exim = path.join(home, 'exim')
  cpSync(path.join(UNPACKED, 'etc/exim4'), exim, {recursive: true})
  for (const folder of ['spool', 'log']) {
    mkdirSync(path.join(home, folder))
    execFileSync('chown', [EXIM_USER, path.join(home, folder)])
  }
  const {'/etc/amavis/conf.d/50-user': settings = '', ...printed} = Object.fromEntries(
    readRecipe('docs/exim.md', 'The files'),
  )
  for (const [name, text] of Object.entries(printed)) {
    const local = withPorts(text, port)
      .replace('[0.0.0.0]:25', `[127.0.0.1]:${port(25)}`)
      .replace('[::]:25', `[127.0.0.1]:${port(587)}`)
    writeFileSync(name.replace('/etc/exim4', exim), local)
  }
  const files = {
    'update-exim4.conf.conf': `dc_eximconfig_configtype='internet'
dc_relay_domains='example.com'
dc_use_split_config='true'
`,
    'conf.d/main/000_test': `CONFDIR = ${exim}
SPOOLDIR = ${home}/spool
MAIN_HARDCODE_PRIMARY_HOSTNAME = mta.example.com
MAIN_QUALIFY_DOMAIN = mta.example.com
MAIN_HOST_LOOKUP =
log_file_path = ${home}/log/%slog
pid_file_path = ${home}/exim.pid
deliver_drop_privilege
`,
    // Debian's routers know no next hop on this machine.
    'conf.d/router/060_test': `next_hop:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = next_hop
`,
    'conf.d/transport/060_test': `next_hop:
  driver = smtp
  port = ${nextHop}
  allow_localhost
`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(exim, name), text)
  const macros = path.join(exim, 'conf.d/main/01_exim4-config_listmacrosdefs')
  writeFileSync(macros, readFileSync(macros, 'utf8').replace(/^exim_path = .*/m, `exim_path = ${EXIM}`))
  const configuration = path.join(home, 'exim4.conf')
  const update = path.join(UNPACKED, 'usr/sbin/update-exim4.conf')
  execFileSync(update, ['-d', exim, '-o', configuration], {stdio: 'ignore'})
  return {configuration, settings: withPorts(settings, port)}
}

async function startSite(t: TestContext): Promise<Site> {
  if (!existsSync(EXIM))
    throw new Error(
      'this test needs the Debian packages exim4-base, exim4-config and exim4-daemon-light, unpacked by dpkg-deb -x in a folder that $AMAVIS_TEST_EXIM names, and the user Debian-exim (see .ci/run)',
    )
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  const port = await freePorts()
  const {configuration, settings} = configure(home, port, sink.port)
  await startDaemon(t, home, port(10_024), settings)
  const daemon = spawn(EXIM, ['-C', configuration, '-bdf'], {stdio: 'ignore'})
  t.after(() => daemon.kill('SIGTERM'))
  await until('Exim to listen', () => greets(port(25)))
  const run = (args: readonly string[], input = '') =>
    execFileSync(EXIM, ['-C', configuration, ...args], {input, encoding: 'utf8'})
  return {
    sink,
    send: (mail, localAddress = '127.0.0.1') => {
      const ends = ['--server', `127.0.0.1:${port(25)}`, '--local-interface', localAddress]
      const data = octetsOf(mail).toString('latin1')
      execFileSync('swaks', [...ends, '--from', SENDER, '--to', USER, '--data', data])
    },
    submit: mail => {
      run(['-i', '-f', SENDER, USER], octetsOf(mail).toString('latin1').replaceAll('\r', ''))
    },
    queued: () => run(['-bp']),
    log: () => readFileSync(path.join(home, 'log/mainlog'), 'utf8'),
    filterLog: () => daemonLog(home),
  }
}

test('Exim hands mail to the filter and has it back; own mail and foreign mail have different banks', async t => {
  const site = await startSite(t)
  const foreigner = '127.0.0.9'
  site.send({subject: 'foreign'}, foreigner)
  site.send({subject: 'own'})
  site.submit({subject: 'program'})
  site.send({subject: 'virus', body: EICAR}, foreigner)
  site.send({subject: 'spam', body: GTUBE}, foreigner)
  await until('all of it to go on', () => site.sink.mails.length >= 4 && site.queued() === '')

  const text = (subject: string) =>
    site.sink.mails
      .map(({octets}) => String(octets))
      .find(mail => mail.includes(`\nSubject: ${subject}\r\n`)) ?? ''
  for (const subject of ['foreign', 'own', 'program'])
    assert.match(text(subject), /^X-Virus-Scanned: /m, subject)
  assert.doesNotMatch(text('Mail delivery failed: returning message to sender'), /^X-Virus-Scanned: /m)
  assert.equal(site.sink.mails.length, 4)
  const entries = [
    ...site.filterLog().matchAll(/ (Passed|Blocked) (\S+) .*?\}, ([A-Z ]*).*Message-ID: <(\w+)@/g),
  ].map(([, end, category, bank, id]) => `${id}: ${end} ${category} ${bank?.trim()}`)
  assert.deepEqual(entries.sort(), [
    'foreign: Passed CLEAN ',
    'own: Passed CLEAN ORIGINATING LOCAL',
    'program: Passed CLEAN ORIGINATING LOCAL',
    'spam: Blocked SPAM ',
    'virus: Blocked INFECTED ',
  ])
  assert.doesNotMatch(site.log(), /Frozen|==|temporarily/)
})
