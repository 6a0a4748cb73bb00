import assert from 'node:assert/strict'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {test} from 'node:test'
import {amavis} from '../support/amavis.ts'
import {temporaryFolder, until} from '../support/wait.ts'

test('amavis snmp-subagent goes to the background without a master agent, once, and ends by SIGTERM', async t => {
  const home = temporaryFolder(t)
  const file = `${home}/amavisd.conf`
  writeFileSync(
    file,
    `$MYHOME = '${home}'; $myhostname = 'mx.example.org'; $daemon_user = undef;
$bus_snmp_socket = "ipc://$MYHOME/snmp"; $agentx_socket = "$MYHOME/nobody"; 1;
`,
  )
  const start = () => amavis('snmp-subagent', '--allow-root', '-c', file)
  assert.deepEqual(await start(), {status: 0, stdout: '', stderr: ''})
  const pidFile = `${home}/amavis-snmp-subagent.pid`
  const pid = Number(readFileSync(pidFile, 'utf8'))
  t.after(() => existsSync(pidFile) && process.kill(pid, 'SIGKILL'))
  assert.deepEqual(await start(), {
    status: 1,
    stdout: '',
    stderr: `amavis snmp-subagent: amavis-snmp-subagent is already running, PID: [${pid}]\n`,
  })
  process.kill(pid, 'SIGTERM')
  await until('its end', () => !existsSync(pidFile))

  const wrong = await amavis('snmp-subagent', '-f', '-c', file, '-x', 'udp:localhost')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /"udp:localhost" is no address of an SNMP agent: expected \/var\/agentx\/master/)
})

test('amavis snmp-subagent --mib prints the MIB module', async () => {
  const {status, stdout} = await amavis('snmp-subagent', '--mib')
  assert.equal(status, 0)
  assert.match(stdout, /^AMAVIS-MIB DEFINITIONS ::= BEGIN\n.*\nEND\n$/s)
})
