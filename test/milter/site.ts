/** site — a milter of the built program in a folder of the test's own, and what its report has to be like. */
import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'
import type {MilterState} from '../../src/milter/control.ts'
import {AMAVIS} from '../support/amavis.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

export interface Site {
  readonly port: number
  readonly home: string
  readonly file: string
  /** the text, and the exit status, of `amavis milter …` */
  run(...args: readonly string[]): {text: string; status: number | null}
  state(): MilterState
}

/** One milter `policy` with these keys, and one that is disabled; `lines` of the configuration come last. */
export async function startMilterSite(t: TestContext, keys: string, lines = ''): Promise<Site> {
  // before the folder goes, whose hook is the next
  t.after(() => run('stop', '-KILL'))
  const home = temporaryFolder(t)
  const port = await freePort()
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME;
$mydomain = 'example.com'; $myhostname = 'filter.example.com';
$do_syslog = 0; $logfile = "$MYHOME/log"; $enable_zmq = 0; @spam_scanners = ();
@local_domains_maps = (['.example.com']);
@milters = qw( policy spare );
$milter{'policy'} = { port => 'inet:${port}@127.0.0.1', abort_timeout => 2, ${keys} };
$milter{'spare'} = { port => "local:$MYHOME/spare.sock", enabled => 0 };
${lines}
1;
`,
  )
  function run(...args: readonly string[]) {
    const {stdout, stderr, status} = spawnSync(
      process.execPath,
      [
        AMAVIS,
        'milter',
        ...args,
        '-c',
        file,
        ...(args[0] === 'start' || args[0] === 'restart' ? ['--allow-root'] : []),
      ],
      {encoding: 'utf8'},
    )
    return {text: stdout + stderr, status}
  }
  const state = () => {
    const {text} = run('status', '--json', 'policy')
    const states = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as MilterState & {kind: string})
    return states[0]!
  }
  const found: Site = {port, home, file, run, state}
  const started = found.run('start')
  assert.match(started.text, /^policy: started \(pid \d+\) on inet:\d+@127\.0\.0\.1\n$/)
  assert.equal(started.status, 0)
  return found
}

/** What has to be true of every report (spec/milter-control §4). */
export function assertTrue(state: MilterState): void {
  assert.equal(
    state.slots.reduce((sum, {open}) => sum + open, 0),
    state.open,
  )
  for (const {connections, connectionsEver, processesEver, pid} of state.slots) {
    assert.ok(connections <= connectionsEver)
    assert.ok(pid === undefined || processesEver >= 1)
  }
  assert.ok(state.highWater <= state.slotCount)
}
