import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseEndpoint} from '../../../src/checks/virus/daemon/endpoint.ts'
import {type ScannerEntry, scannerEntry} from '../../../src/checks/virus/entries.ts'
import {VirusScanners} from '../../../src/checks/virus/scanners.ts'
import {silentLog} from '../../../src/log/log.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const FOLDERS = ['/usr/local/bin', '/usr/bin']
const INSTALLED = new Set(['/usr/bin/clamscan', '/opt/AVP/avp', '/usr/bin/avp'])

function entry(text: string): ScannerEntry | undefined {
  const [first] = settingsFrom(`use strict;\n@av_scanners = (${text});\n1;\n`).list('@av_scanners')
  return scannerEntry(first, FOLDERS, file => INSTALLED.has(file))
}

const daemons: [query: string, protocol: string, endpoints: unknown[]][] = [
  [`"CONTSCAN {}\\n", "/run/clamav/clamd.ctl"`, 'clamd', [{path: '/run/clamav/clamd.ctl'}]],
  [`"CONTSCAN {}\\n", '127.0.0.1:3310'`, 'clamd', [{host: '127.0.0.1', port: 3310}]],
  [`"CONTSCAN {}\\n", 'inet:[::1]:3310'`, 'clamd', [{host: '::1', port: 3310}]],
  [`"CONTSCAN {}\\n", 'mail.example.com:3310'`, 'clamd', [{host: 'mail.example.com', port: 3310}]],
  [`"CONTSCAN {}\\n", 'localhost:3310'`, 'clamd', [{host: 'localhost', port: 3310}]],
  [`"CONTSCAN {}\\n", 'simple:/run/clamd'`, 'simple', [{path: '/run/clamd'}]],
  [`"*", 'clamd:/run/clamd.sock'`, 'clamd', [{path: '/run/clamd.sock'}]],
  [
    `"{}/*", ['clamd:host:3310', 'clamd:[127.0.0.1]:3311']`,
    'clamd',
    [
      {host: 'host', port: 3310},
      {host: '127.0.0.1', port: 3311},
    ],
  ],
  [`"{}/\\n", '/var/run/sophie'`, 'simple', [{path: '/var/run/sophie'}]],
  [`"{}/\\n", 'sophie:/var/run/sophie'`, 'line', [{path: '/var/run/sophie'}]],
  [`"{}/\\n", 'trophie:/var/run/trophie'`, 'line', [{path: '/var/run/trophie'}]],
  [`"{}", 'sssp:[127.0.0.1]:4010'`, 'sssp', [{host: '127.0.0.1', port: 4010}]],
  [`"*", 'savapi:/var/tmp/.savapi3', 'product-id'`, 'savapi', [{path: '/var/tmp/.savapi3'}]],
  [`"SCAN FILE {}/*\\n", '127.0.0.1:10200'`, 'simple', [{host: '127.0.0.1', port: 10200}]],
  [`'{}', 'smtp:[127.0.0.1]:5525', 'dummy@localhost'`, 'smtp', [{host: '127.0.0.1', port: 5525}]],
]

for (const [args, protocol, endpoints] of daemons) {
  test(`[${args}] is asked by ${protocol}`, () => {
    const found = entry(`['X', \\&ask_daemon, [${args}], qr/OK/, qr/FOUND/, qr/(.*)/]`)
    assert.ok(found?.kind === 'daemon')
    assert.equal(found.protocol, protocol)
    assert.deepEqual(found.endpoints, endpoints)
  })
}

const refused: [entry: string, reason: RegExp][] = [
  [`['X', \\&ask_daemon, ['{}', 'savi-perl:']]`, /library of Perl/],
  [`['X', \\&ask_daemon, ['{}', 'nonsense:/x']]`, /protocol "nonsense"/],
  [`['X', \\&ask_daemon, ["CONTSCAN {}", 'relative']]`, /no socket/],
  [`['X', \\&ask_clamav, '*', [0], [1]]`, /&ask_clamav cannot scan/],
  [`['X', sub { my($x) = @_; 0 }, '*', [0], [1]]`, /a sub of the configuration cannot scan/],
  [`['X', undef, '*', [0], [1]]`, /names no program/],
  [
    `['X', 'clamscan', '{}', [0], [1], qr/x/, sub {chdir("/opt/$daemon_user") or die 1}]`,
    /chdir to a folder/,
  ],
]

for (const [text, reason] of refused) {
  test(`${text} cannot be used, and says why`, () => {
    const found = entry(text)
    assert.equal(found?.kind, 'unsupported')
    assert.match(found.reason, reason)
  })
}

test('a program is found in $path, by the first of its names that is installed; others are absent', () => {
  const clamscan = entry(`['C', ['/opt/x/clamscan', 'clamscan'], '{}', [0], [1], qr/x/]`)
  assert.equal(clamscan?.kind === 'program' && clamscan.file, '/usr/bin/clamscan')
  assert.deepEqual(entry(`['N', 'nvcc', '{}', [0], [1], qr/x/]`), {kind: 'absent', name: 'N'})
  assert.equal(entry(`'text'`), undefined)
})

test('the folder of a sub before a program is where it is started; the sub after it changes nothing', () => {
  const subs = `sub {chdir('/opt/AVP') or die "Can't chdir to AVP: $!"}, sub {chdir($TEMPBASE) or die "Can't chdir back to $TEMPBASE $!"}`
  const avp = entry(`['AVP', 'avp', '{}', [0,3,6,8], [2,4], qr/infected: (.+)/m, ${subs}]`)
  assert.equal(avp?.kind === 'program' && avp.cwd, '/opt/AVP')
})

test('a sub that does anything else around a scanner is an error with its place', () => {
  const text = `use strict;\n@av_scanners = (['X', 'x', '{}', [0], [1], qr/x/,\n  sub {$ENV{LD_PRELOAD}='/lib/x.so'}]);\n1;\n`
  assert.throws(() => settingsFrom(text), /amavisd\.conf:3.*cannot change %ENV/s)
})

test('a sub that always gives 0 says that mail is clean', () => {
  assert.deepEqual(entry(`['always-clean', sub {0}]`), {
    kind: 'constant',
    name: 'always-clean',
    answer: {kind: 'clean'},
  })
})

test('a socket that makes no sense is no endpoint', () => {
  for (const spec of ['', 'host', 'host:0', 'host:99999', 'relative/path'])
    assert.equal(parseEndpoint(spec), undefined)
})

const described: [entries: string, lines: (string | RegExp)[]][] = [
  ['', ['no virus scanner is configured: the built-in one knows the standard test file and nothing else']],
  [
    `@av_scanners = (['A', \\&ask_daemon, ["CONTSCAN {}\\n", ['clamd:/run/a', '[::1]:3310']]], ['B', 'no-such-scanner', '{}']);`,
    ['primary virus scanner A: clamd at /run/a, [::1]:3310', 'primary virus scanner B is not installed'],
  ],
  [
    `@av_scanners_backup = (['B', 'no-such-scanner', '{}']);`,
    ['backup virus scanner B is not installed', 'NO VIRUS SCANNERS AVAILABLE'],
  ],
  [
    `@av_scanners = (['P', \\&ask_daemon, ['{}', 'clamav-perl:']]);`,
    ["primary virus scanner P: not used: clamav-perl is a library of Perl's; ask its daemon instead"],
  ],
]

for (const [text, lines] of described) {
  test(`the start says which scanners are used: ${lines[0]}`, () => {
    const scanners = new VirusScanners({log: silentLog, report() {}})
    assert.deepEqual(scanners.describe(settingsFrom(`use strict;\n${text}\n1;\n`)), lines)
  })
}
