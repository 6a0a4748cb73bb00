import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {MilterState, SlotState} from '../../src/milter/control.ts'
import {milterReport} from '../../src/milter/report.ts'

const slot = (index: number, pid: number | undefined, more: Partial<SlotState> = {}): SlotState => ({
  index,
  pid,
  vszMib: 1078.9,
  rssMib: 60,
  connections: 12,
  connectionsEver: 1530,
  processesEver: 4,
  open: 2,
  retiring: false,
  ageSeconds: 61,
  ...more,
})

const STATE: MilterState = {
  kind: 'ok',
  name: 'policy',
  pid: 4711,
  port: 'inet:10031@127.0.0.1',
  upSeconds: 100,
  vszMib: 1012.4,
  rssMib: 66,
  threads: 11,
  procs: 3,
  interpreters: {by: 4712, contexts: 2, created: 17},
  connsPerProc: 8,
  waiting: 0,
  flags: 0,
  pooled: true,
  draining: false,
  highWater: 4,
  slotCount: 8,
  open: 3,
  mails: 1234,
  slots: [
    slot(0, 4712),
    slot(1, 4713, {vszMib: 1075.2, connections: 200, open: 1, retiring: true}),
    slot(2, undefined),
  ],
}

test('a milter that runs, one that nobody answers for, and those that do not run', () => {
  const text = milterReport([
    {kind: 'stopped', name: 'archive', enabled: false},
    {kind: 'running', state: STATE},
    {kind: 'silent', name: 'hung', pid: 99},
    {kind: 'stopped', name: 'spare', enabled: true},
  ])
  assert.equal(
    text,
    `policy: running
  pid=4711  port=inet:10031@127.0.0.1  vsz=1012.4  threads=11  procs=3
  interp=2/8  seq=17  waiting=0  flags=0x0
  slots=4/8 (1 retiring) req=3 msg=1234
    slot#0:   pid=4712   vsz=1078.9  acc=12/1530/4 req=2
    slot#1:   pid=4713   vsz=1075.2  acc=200/1530/4 req=1*

hung: running, no answer (pid 99)

archive: not running (disabled)
spare: not running
`,
  )
})

test('one that drains says so; without a pool there are no slots; with -v there is more', () => {
  const draining = milterReport([{kind: 'running', state: {...STATE, draining: true, flags: 0x4}}])
  assert.match(draining, /^policy: stopping\n.*\n {2}interp=2\/8 {2}seq=17 {2}flags=0x4\n/)
  const single = {...STATE, pooled: false, flags: 0x1, interpreters: undefined, waiting: 2}
  assert.match(
    milterReport([{kind: 'running', state: single}]),
    /interp=-\/8 {2}seq=- {2}waiting=2 {2}flags=0x1\n$/,
  )
  const verbose = milterReport([{kind: 'running', state: STATE}], true)
  assert.match(verbose, /^ {2}up=100s {2}rss=66\.0 {2}by=4712$/m)
  assert.match(verbose, /^ {4}slot#2: {3}pid=- {6}vsz=/m)
  assert.match(verbose, /rss=60\.0 age=61s$/m)
})
