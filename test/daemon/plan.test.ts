import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import {socketKey} from '../../src/config/socket-spec.ts'
import {settingsOf} from '../../src/config/view.ts'
import {withoutMissingIpv6} from '../../src/daemon/config-reader.ts'
import {makePlan, type Plan} from '../../src/daemon/plan.ts'
import {temporaryFolder} from '../support/wait.ts'

const BASE = "$MYHOME = '/var/lib/amavis';\n$myhostname = 'mx.example.com';\n$inet_socket_port = 10024;\n"

function planOf(t: TestContext, lines: string) {
  const file = path.join(temporaryFolder(t), 'amavisd.conf')
  writeFileSync(file, `${BASE}${lines}\n1;\n`)
  const loaded = loadConfiguration({files: [file]})
  assert.ok(loaded.kind === 'ok', JSON.stringify(loaded))
  return makePlan(loaded.snapshot, settingsOf(loaded.snapshot))
}

function goodPlan(t: TestContext, lines = ''): Plan {
  const made = planOf(t, lines)
  assert.ok(made.kind === 'ok', JSON.stringify(made))
  return made.plan
}

test('what a file leaves open has our defaults', t => {
  const plan = goodPlan(t)
  assert.deepEqual(plan.sockets.map(socketKey), ['127.0.0.1:10024', '[::1]:10024'])
  assert.deepEqual(
    [plan.children, plan.maxRequests, plan.childTimeoutMs, plan.waitingLimit, plan.backlog, plan.socketMode],
    [2, 0, 480_000, 200, undefined, undefined],
  )
  assert.deepEqual(
    [plan.pidFile, plan.controlSocket, plan.tempBase],
    ['/var/lib/amavis/amavisd.pid', '/var/lib/amavis/amavisd.ctl', '/var/lib/amavis'],
  )
  assert.equal(plan.bus?.endpoints.inner, 'ipc:///var/lib/amavis/amavisd-zmq.sock')
  assert.equal(plan.log.target, 'stderr')
})

test('sockets of all settings are gathered, each once', t => {
  const plan = goodPlan(
    t,
    `@listen_sockets = ('[::1]:10026', '127.0.0.1:10024');
$unix_socketname = "$MYHOME/amavisd.sock";
$inet_socket_port = [10024, 10026];`,
  )
  assert.deepEqual(plan.sockets.map(socketKey), [
    '[::1]:10026',
    '127.0.0.1:10024',
    '/var/lib/amavis/amavisd.sock',
    '[::1]:10024',
    '127.0.0.1:10026',
  ])
})

test('settings of the daemon are taken from the file', t => {
  const plan = goodPlan(
    t,
    `$max_servers = 8; $max_requests = 20; $child_timeout = 60; $listen_queue_size = 64;
$unix_socket_mode = 0660; $daemon_user = 'amavis'; $daemon_group = 'amavis'; $enable_zmq = 0;
$do_syslog = 1; $log_level = 2; $path = '/usr/bin:/bin';`,
  )
  assert.deepEqual(
    [
      plan.children,
      plan.maxRequests,
      plan.childTimeoutMs,
      plan.backlog,
      plan.socketMode,
      plan.user,
      plan.groups,
    ],
    [8, 20, 60_000, 64, 0o660, 'amavis', ['amavis']],
  )
  assert.deepEqual(
    [plan.bus, plan.log.target, plan.log.level, plan.path],
    [undefined, 'syslog', 2, '/usr/bin:/bin'],
  )
})

test('what cannot be done is said, all of it', t => {
  const made = planOf(t, '$inet_socket_port = undef; $max_servers = 0;')
  assert.ok(made.kind === 'failed')
  assert.deepEqual(
    made.problems.map(problem => problem.split(/[: ]/, 1)[0]),
    ['no', '$max_servers'],
  )
})

test('without IPv6 the default [::1] is left out with a word, unless it is all there is', t => {
  const warnings: string[] = []
  const plan = withoutMissingIpv6(goodPlan(t), warnings, ['127.0.0.1'])
  assert.deepEqual(plan.sockets.map(socketKey), ['127.0.0.1:10024'])
  assert.equal(warnings.length, 1)
  const only = goodPlan(t, "$inet_socket_bind = '[::1]';")
  assert.equal(withoutMissingIpv6(only, [], ['127.0.0.1']), only)
  assert.equal(withoutMissingIpv6(only, [], ['127.0.0.1', '::1']), only)
})

test('the SpamAssassin helper is wanted where a bank has its module and mail may be looked at', t => {
  const helper = goodPlan(
    t,
    "$sa_siteconfigpath = '/etc/sa'; $sa_debug = 'dns'; $sa_local_tests_only = 1;",
  ).spamHelper
  assert.deepEqual(helper, {
    home: '/var/lib/amavis',
    configpath: '',
    siteconfigpath: '/etc/sa',
    userprefs: '',
    local_tests_only: '1',
    debug: 'dns',
  })
  assert.equal(goodPlan(t, '@spam_scanners = ();').spamHelper, undefined)
  assert.equal(goodPlan(t, '@bypass_spam_checks_maps = (1);').spamHelper, undefined)
  const bank = `$policy_bank{'B'} = {spam_scanners => [['SA', 'Amavis::SpamControl::SpamAssassin']]};`
  assert.ok(goodPlan(t, `@spam_scanners = (); ${bank}`).spamHelper)
})
