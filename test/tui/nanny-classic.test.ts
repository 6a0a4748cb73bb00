import assert from 'node:assert/strict'
import {test} from 'node:test'
import {
  ClassicNanny,
  type ClassicRecord,
  KillCountdown,
  type ProcessControl,
} from '../../src/tui/nanny/classic.ts'
import {type ClassicData, runClassicNanny} from '../../src/tui/nanny/classic-loop.ts'
import {databaseTexts} from '../../src/tui/source-texts.ts'

const NOW = 1_700_000_000_000
const busy = (pid: number, ageSec: number, origin = ''): ClassicRecord => {
  return {kind: 'child', origin, pid, state: 'S', taskId: `${pid}-01`, baseMs: NOW - ageSec * 1000}
}
const calm: ProcessControl = {probe: () => 'alive', terminate: () => false, kill() {}}

test('a display that may end nothing shows an overdue child as any other', () => {
  const {lines, terminated} = new ClassicNanny().display(NOW, [busy(28187, 700)], calm)
  assert.deepEqual(lines, ['PID 28187: 28187-01      0:11:40 =========:=========:=========:===S>'])
  assert.deepEqual(terminated, [])
})

test('equal pids of two machines have histories of their own', () => {
  const nanny = new ClassicNanny()
  nanny.display(NOW, [busy(7, 1, 'mx1'), busy(7, 3, 'mx2')], calm)
  const {lines} = nanny.display(NOW + 1000, [busy(7, 1, 'mx1'), busy(7, 3, 'mx2')], calm)
  assert.deepEqual(lines, ['PID 00007: 7-01          0:00:02 SS', 'PID 00007: 7-01          0:00:04 ==SS'])
})

test('a process that never dies is sent SIGKILL in the 31st round, and then the countdown begins anew', () => {
  let kills = 0
  const countdown = new KillCountdown([{origin: '', pid: 7}])
  const deaf = {...calm, kill: () => kills++}
  for (let round = 1; round <= 30; round++) countdown.round(deaf)
  assert.equal(kills, 0)
  assert.deepEqual(countdown.round(deaf), [
    'PID 00007: sending SIGKILL in -1 s',
    'Waiting for the process to terminate: 7',
  ])
  assert.equal(kills, 1)
  assert.equal(countdown.round(deaf)[0], 'PID 00007: sending SIGKILL in 29 s')
})

test('waiting for a source uses up no display; an interruption ends the loop with 255', async () => {
  const written: string[] = []
  const source: ClassicData[] = [
    {kind: 'absent', name: 'bus'},
    {kind: 'records', name: 'bus', records: [busy(28187, 3)], reopened: false},
  ]
  let sleeps = 0
  const write = (text: string) => written.push(text)
  const status = await runClassicNanny({
    count: 2,
    waitMs: 2000,
    source: {read: () => source.shift()!, forget() {}},
    control: calm,
    heading() {},
    lines: write,
    remarks: write,
    texts: databaseTexts('nanny'),
    now: () => NOW,
    sleep: async () => ++sleeps < 2,
  })
  assert.equal(status, 255)
  assert.deepEqual(written, [
    'No nanny database bus; waiting...\n',
    'PID 28187: 28187-01      0:00:03 ==S\n',
    'exited\n',
  ])
})
