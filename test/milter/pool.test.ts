/** A pool with processes of its own, and a master that has little patience. */
import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import v8 from 'node:v8'
import type {Log} from '../../src/log/log.ts'
import {logPlan} from '../../src/log/log-plan.ts'
import {readMilters} from '../../src/milter/plan.ts'
import {Pool} from '../../src/milter/pool.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {Mta} from './mta.ts'

test('a process that hangs gets no more connections, another takes its place, and then it is killed', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $mydomain = 'example.com'; $myhostname = 'filter.example.com';
$do_syslog = 0; $logfile = "$MYHOME/log"; $enable_zmq = 0; @spam_scanners = ();
$milter{'policy'} = { port => 'inet:${port}@127.0.0.1', max_procs => 1 };
1;
`,
  )
  const {milters, settings, snapshot} = readMilters({files: [file], instance: '', home, allowRoot: true})
  const [plan] = milters
  const logged: string[] = []
  const log: Log = {enabled: () => true, write: (_level, text) => void logged.push(text), forTask: () => log}
  const orders = {
    name: 'policy',
    snapshot: v8.serialize(snapshot),
    banks: '',
    manners: plan!.manners,
    log: logPlan(settings),
    spamHelper: undefined,
    path: '',
  }
  const pool = new Pool(plan!, orders, log, {askMs: 200, retireMs: 4000, killMs: 9000})
  t.after(() => pool.abort())
  await pool.listen(undefined, undefined)
  await pool.begin()
  const first = await (await Mta.connect(port)).greet()
  const hung = pool.slots.all[0]!.occupant!.pid
  process.kill(hung, 'SIGSTOP')
  await until('it to retire', () => logged.some(text => text.includes('gets no more connections')))
  const second = await (await Mta.connect(port)).greet()
  assert.equal(await second.mail(), 'c')
  assert.equal(first.isClosed, false)
  await until('it to be killed', () => first.isClosed)
  assert.ok(logged.includes(`process ${hung} of slot 0 does not answer, killed with 1 open`))
  await until('its slot to be free', () => pool.slots.all[0]!.occupant === undefined)
  assert.equal(pool.slots.open, 1)
  await second.quit()
})
