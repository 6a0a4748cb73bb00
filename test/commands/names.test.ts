import assert from 'node:assert/strict'
import {test} from 'node:test'
import {binary, runAmavis} from '../support/amavis.ts'

type Call =
  | {readonly args: readonly string[]}
  | {readonly print: string; readonly stream: 'stdout' | 'stderr'; readonly status: number}

const {translate} = (await import(binary('names.js'))) as {
  translate: (program: string, args: readonly string[]) => Call
}

const TRANSLATIONS: readonly (readonly [string, string, string])[] = [
  ['amavisd', '', 'start'],
  ['amavisd', '-c /etc/a.conf foreground', 'foreground -c /etc/a.conf'],
  ['amavisd', 'start -m 4 -d 3,rules', 'start -m 4 -d 3,rules'],
  ['amavisd', '-c a -c b -i two -P /run/x stop', 'stop -c a -c b -i two -P /run/x'],
  ['amavisd', '-u amavis -g amavis -m 4 -T /tmp reload', 'reload'],
  ['amavisd', '-X no_conf_file_writable_check test-config', 'test-config -X no_conf_file_writable_check'],
  ['amavisd', '-d -1 debug', 'debug -d -1'],
  ['amavisd', '-d 5,dns -c a debug-sa', 'debug-sa -d 5,dns -c a'],
  ['amavis', 'stop -c a', 'stop -c a'],
  ['amavis', 'nanny --replay', 'nanny --replay='],
  ['amavis', 'nanny --replay --at end', 'nanny --replay= --at end'],
  ['amavis', 'nanny --replay ring --at end', 'nanny --replay ring --at end'],
  ['amavis-mc', '-f -- -d 3', 'mc -f -d 3'],
  ['amavisd-snmp-subagent', '-f -d 2 -D /var/lib/amavis/db -P /run/p', 'snmp-subagent -f -d 2 -P /run/p'],
  ['amavis-services', '-f msg-forwarder', 'services msg-forwarder -f'],
]

for (const [program, line, expected] of TRANSLATIONS) {
  test(`"${program} ${line}" is "amavis ${expected}"`, () => {
    const call = translate(program, line === '' ? [] : line.split(' '))
    assert.deepEqual(call, {args: expected.split(' ')})
  })
}

const REFUSALS: readonly (readonly [string, RegExp])[] = [
  ['-V', /^amavis-2\.13\.0 \(20230106\)\n$/],
  ['-h', /^Usage: amavisd /],
  ['frobnicate', /^Unknown command: frobnicate\nUsage: /],
  ['-Z', /^Unknown option: -Z\nUsage: /],
  ['-c', /^Missing value for option: -c\n/],
  ['-m many', /^Not a number: -m many\n/],
  ['start stop', /^Unexpected argument: stop\n/],
  ['genrsa', /^Missing file name: genrsa\n/],
  ['genrsa key.pem 128', /^Not a key size, 512 to 4096 bits: 128\n/],
  ['convert_keysfile a b', /^Unexpected argument: b\n/],
]

for (const [line, text] of REFUSALS) {
  test(`"amavisd ${line}" says so on standard output and ends with 1`, () => {
    const call = translate('amavisd', line.split(' '))
    assert.ok('print' in call)
    assert.match(call.print, text)
    assert.deepEqual([call.stream, call.status], ['stdout', 1])
  })
}

const run = (file: string, ...args: string[]) => runAmavis(args, {file: binary(file)})

test('the program under its own name: wrong usage is 2, its version goes to standard output', async () => {
  const [version, unknown, missing, command] = await Promise.all([
    run('amavis.js', '-V'),
    run('amavis.js', 'start', '--frobnicate'),
    run('amavis.js', 'start', '-c'),
    run('amavis.js', 'frobnicate'),
  ])
  assert.match(version.stdout, /^amavis \d+\.\d+\.\d+\n$/)
  assert.deepEqual([version.status, unknown.status, missing.status, command.status], [0, 2, 2, 2])
  assert.match(unknown.stderr, /frobnicate/)
})

test('help of a daemon command lists the options with their letters', async () => {
  const {status, stdout} = await run('amavis.js', 'start', '--help')
  assert.equal(status, 0)
  for (const letter of 'ugcidmpLPHDQRSTX') assert.match(stdout, new RegExp(` -${letter}, --`))
})
