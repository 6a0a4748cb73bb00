import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {type MinderLimits, MinderTable, type ProcessFate} from '../../src/bus/minder-table.ts'

const T0 = 1_700_000_000_000

/** A table on a clock that the test turns, with processes whose fate it decides. */
function watch(limits?: MinderLimits) {
  const fates = new Map<number, ProcessFate>()
  const did: string[] = []
  const processes = {
    probe(pid: number) {
      did.push(`${pid} probe`)
      return fates.get(pid) ?? 'alive'
    },
    signal(pid: number, signal: string) {
      did.push(`${pid} ${signal}`)
      return fates.get(pid) ?? 'alive'
    },
  }
  const table = new MinderTable(processes, limits)
  return {
    fates,
    hear: (text: string, sec = 0) => table.hear(parseFrame(text), T0 + sec * 1000),
    /** Check at a time: what was done to processes, and the frames. */
    check(sec: number) {
      did.length = 0
      const messages = table.check(T0 + sec * 1000)
      return {did: [...did], messages, frames: messages.flat()}
    },
  }
}

const at = (sec: number) => ((T0 + sec * 1000) / 1000).toFixed(3)

test('a report has 22 slots, five activities, the totals and both lists, in this order', () => {
  const {hear, check} = watch()
  const names = check(0).messages.map(message => message.map(frame => frame.split(' ')[1]))
  assert.deepEqual(names, [
    [
      ...Array.from({length: 22}, (_, i) => `ProcBusy${i}`),
      'ProcBusyTransfer',
      'ProcBusyDecode',
      'ProcBusyVirus',
      'ProcBusySpam',
      'ProcBusyOther',
      'ProcAll',
      'ProcBusy',
      'ProcIdle',
    ],
    [''],
    [''],
  ])
  hear(`am.st 9 ${at(0)} -`)
  hear(`am.st 12 ${at(0)} A`)
  hear(`am.st 7 ${at(0)} F 00007-01`)
  hear(`am.st 8 ${at(0)} .`)
  const {frames} = check(5)
  for (const frame of [
    'am.nanny ProcBusy0 G32 2',
    'am.nanny ProcBusyTransfer G32 1',
    'am.nanny ProcAll G32 4',
  ])
    assert.ok(frames.includes(frame), frame)
  assert.deepEqual(frames.slice(-2), ['am.proc.busy 7 12', 'am.proc.idle 8 9'])
})

test('a busy process counts in every slot whose age it has reached', () => {
  const {hear, check} = watch()
  hear(`am.st 7 ${at(0)} D 00007-01`)
  const slots = check(2).frames.filter(frame => /^am\.nanny ProcBusy\d+ G32 1$/.test(frame))
  assert.equal(slots.length, 1 + 5) // all, and 0.1 0.2 0.5 1 2 s
})

test('a distance without a known base is counted back from now', () => {
  const {hear, check} = watch({active: 60, idle: 60, kill: 30, giveUp: 600})
  hear('am.st 7 59000 S 00007-01', 0)
  assert.deepEqual(check(0).did, [])
  hear('am.st 7 61500 S 00007-01', 2)
  assert.deepEqual(check(2).did, ['7 probe', '7 SIGTERM'])
})

test('FLUSH forgets all, exiting and purged forget one', () => {
  const {hear, check} = watch()
  for (const pid of [1, 2, 3]) hear(`am.st ${pid} ${at(0)} -`)
  hear('am.st 1 5 exiting')
  hear(`am.st 2 ${at(0)} purged`)
  assert.equal(check(0).frames.at(-1), 'am.proc.idle 3')
  hear(`am.st 99 ${at(0)} FLUSH`)
  assert.equal(check(0).frames.at(-1), 'am.proc.idle ')
})

test('a process silent for 10 s is probed; one that is gone is purged and counted', () => {
  const {hear, check, fates} = watch()
  hear(`am.st 7 ${at(0)} S 00007-01`)
  assert.deepEqual(check(9.9).did, [])
  assert.deepEqual(check(10).did, ['7 probe'])
  assert.deepEqual(check(12).did, [])
  fates.set(7, 'gone')
  const {did, frames} = check(20)
  assert.deepEqual(did, ['7 probe'])
  assert.equal(frames[0], `am.st 7 ${at(20)} purged`)
  assert.ok(frames.includes('am.nanny ProcGone C32 1'))
  assert.equal(
    check(22).frames.some(frame => frame.includes('ProcGone')),
    false,
  )
})

test('an idle process is probed every 20 s only', () => {
  const {hear, check} = watch()
  hear(`am.st 7 ${at(0)} -`)
  assert.deepEqual(check(10).did, ['7 probe'])
  assert.deepEqual(check(29).did, [])
  assert.deepEqual(check(30).did, ['7 probe'])
})

test('an overdue process gets SIGTERM, SIGKILL 30 s later and again each 30 s, and is given up after 10 minutes', () => {
  const {hear, check} = watch()
  hear(`am.st 7 ${at(0)} S 00007-01`)
  const signals: string[] = []
  let purgedAt = 0
  for (let sec = 2; sec < 1300 && purgedAt === 0; sec += 2) {
    hear(`am.st 7 ${sec * 1000} S 00007-01`, sec)
    const {did, frames} = check(sec)
    for (const act of did) if (!act.endsWith('probe')) signals.push(`${sec} ${act}`)
    if (frames.some(frame => frame.endsWith('purged'))) purgedAt = sec
  }
  assert.deepEqual(signals.slice(0, 3), ['602 7 SIGTERM', '632 7 SIGKILL', '662 7 SIGKILL'])
  assert.equal(purgedAt, 1202)
})

test('a process that ends by our signal is purged, but not counted as gone', () => {
  const {hear, check, fates} = watch()
  hear(`am.st 7 ${at(0)} S 00007-01`)
  assert.deepEqual(check(601).did, ['7 probe', '7 SIGTERM'])
  fates.set(7, 'gone')
  const {frames} = check(603)
  assert.equal(frames[0], `am.st 7 ${at(603)} purged`)
  assert.equal(
    frames.some(frame => frame.includes('ProcGone')),
    false,
  )
})

test('a process that came back in time after SIGTERM is treated as new when it is overdue again', () => {
  const {hear, check} = watch()
  hear(`am.st 7 ${at(0)} S 00007-01`)
  check(601)
  hear(`am.st 7 ${at(602)} m 00007-01-2`, 602)
  check(602)
  hear('am.st 7 601000 S 00007-01-2', 1203)
  assert.deepEqual(check(1203).did, ['7 probe', '7 SIGTERM'])
})

test('a process that is not ours to signal is dropped without being counted', () => {
  const {hear, check, fates} = watch()
  hear(`am.st 7 ${at(0)} S 00007-01`)
  fates.set(7, 'denied')
  const {did, frames} = check(601)
  assert.deepEqual(did, ['7 probe'])
  assert.equal(frames[0], `am.st 7 ${at(601)} purged`)
  assert.equal(
    frames.some(frame => frame.includes('ProcGone')),
    false,
  )
})

test('idle processes have a limit of their own', () => {
  const {hear, check} = watch()
  hear(`am.st 7 ${at(0)} -`)
  assert.deepEqual(check(3600).did, ['7 probe'])
  assert.deepEqual(check(3601).did, ['7 probe', '7 SIGTERM'])
})
