import assert from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'
import {daemonOptions} from '../../src/daemon/cli/daemon-options.ts'
import {readFlags} from '../../src/daemon/cli/quick-start.ts'

function optionsOf(line: string) {
  const flags = readFlags(line === '' ? [] : line.split(' '))
  return flags && daemonOptions(flags, 'daemon')
}

test('a plain command line is read without oclif', () => {
  const options = optionsOf('-c a.conf -c /etc/b.conf -i two -u amavis -g mail --no-mc --allow-root')
  assert.deepEqual(options, {
    mode: 'daemon',
    files: [path.resolve('a.conf'), '/etc/b.conf'],
    instance: 'two',
    overrides: [],
    user: 'amavis',
    group: 'mail',
    bus: false,
    allowRoot: true,
    checkOwnership: true,
  })
})

test('nothing given is the default of everything', () => {
  const options = optionsOf('')
  assert.deepEqual(
    [options?.files, options?.instance, options?.bus, options?.allowRoot, options?.overrides],
    [[], '', true, false, []],
  )
})

const OVERRIDES = [
  ['-d 3', [{name: '$log_level', value: '3'}]],
  [
    '-d 3,rules,dns',
    [
      {name: '$log_level', value: '3'},
      {name: '$sa_debug', value: 'rules,dns'},
    ],
  ],
  ['-d bayes', [{name: '$sa_debug', value: 'bayes'}]],
  ['-m 8', [{name: '$max_servers', value: 8}]],
  ['-P /run/a.pid', [{name: '$pid_file', value: '/run/a.pid'}]],
  ['-H /h', [{name: '$MYHOME', value: '/h'}]],
  ['--quarantine=', [{name: '$QUARANTINEDIR', value: ''}]],
  [
    '-T /t -S /s -R /r -D /d -L /l',
    ['$db_home', '$daemon_chroot_dir', '$helpers_home', '$TEMPBASE', '$lock_file'],
  ],
  [
    '-p 10024 -p /run/a.sock',
    [
      {name: '@listen_sockets', value: ['10024', '/run/a.sock']},
      {name: '$unix_socketname', value: ''},
      {name: '$inet_socket_port', value: ''},
    ],
  ],
] as const

for (const [line, expected] of OVERRIDES) {
  test(`"${line}" overrides the files`, () => {
    const overrides = optionsOf(line)?.overrides ?? []
    const named = typeof expected[0] === 'string' ? overrides.map(({name}) => name) : overrides
    assert.deepEqual(named, expected)
  })
}

test('-X no_conf_file_writable_check turns the check off', () => {
  assert.equal(optionsOf('-X no_conf_file_writable_check')?.checkOwnership, false)
})

for (const line of ['--help', '-h', '-m ten', '-m 0', '-X something', '-Z', 'word', '-c', '-d -1']) {
  test(`"${line}" is left to oclif`, () => assert.equal(readFlags(line.split(' ')), undefined))
}
