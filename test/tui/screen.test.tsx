import assert from 'node:assert/strict'
import {test} from 'node:test'
import {stripVTControlCharacters} from 'node:util'
import {render} from 'ink-testing-library'
import type {Processes} from '../../src/bus/minder-table.ts'
import type {RetireChild} from '../../src/tui/children/local.ts'
import {createChildStore} from '../../src/tui/children/store.ts'
import {NannyScreen} from '../../src/tui/nanny/screen.tsx'
import {createTheme} from '../../src/tui/theme.ts'
import {until} from '../support/wait.ts'

const T0 = 1_700_000_000_000
const LOCAL = 'tcp://127.0.0.1:23232'
const UP = '\u001B[A'
const DOWN = '\u001B[B'

interface Setting {
  readonly endpoint?: string
  readonly readOnly?: boolean
  readonly processes?: Processes
  readonly retire?: RetireChild
}

/** The screen over a store whose clock the test turns. */
function screenOf({endpoint = LOCAL, readOnly = false, processes, retire}: Setting = {}) {
  let nowMs = T0
  const store = createChildStore({now: () => nowMs})
  const none: Processes = {probe: () => 'gone', signal: () => 'gone'}
  const screen = render(
    <NannyScreen
      store={store}
      endpoints={[endpoint]}
      title={endpoint}
      readOnly={readOnly}
      theme={createTheme({})}
      processes={processes ?? none}
      retire={retire}
    />,
  )
  const frame = () => stripVTControlCharacters(screen.lastFrame() ?? '')
  return {
    store,
    frame,
    press: (keys: string) => screen.stdin.write(keys),
    hear(seconds: number, ...frames: string[]) {
      nowMs = T0 + seconds * 1000
      if (frames.length > 0) store.put(endpoint, frames)
      store.refresh()
    },
    shows: (pattern: RegExp) => until(`${pattern} on\n${frame()}`, () => pattern.test(frame()), 5000),
    close() {
      screen.unmount()
      store.close()
    },
  }
}

const THREE = [
  'am.st 28039 1700000000.000 m 28039-01',
  'am.st 28039 100 G 28039-01',
  'am.st 28039 200 S 28039-01',
  'am.st 28048 1700000000.000 -',
  'am.st 28051 1700000000.000 V 28051-01',
]

test('before anything is heard it says what it waits for, and what to do', async t => {
  const screen = screenOf()
  t.after(screen.close)
  await screen.shows(/waiting for the bus at tcp:\/\/127\.0\.0\.1:23232/)
  assert.match(screen.frame(), /no data yet/)
  assert.match(screen.frame(), /--connect or AMAVIS_CONNECT/)
})

test('children are rows with their letters as they accrue, idle ones with dots', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  screen.hear(3.2)
  await screen.shows(/28039 28039-01 +0:00:03 +S spam +mGSSS\b/)
  assert.match(screen.frame(), /28048 +0:00:03 +- idle +\.\.\./)
  assert.match(screen.frame(), /2 busy, 1 idle of 3/)
  assert.equal(screen.frame().split('\n').length, 24)
})

test('a child that went away is shown as such; one that said goodbye is not shown', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  screen.hear(1, 'am.st 28039 1700000001.000 purged', 'am.st 28048 1000 exiting')
  await screen.shows(/28039 .*went away/)
  assert.doesNotMatch(screen.frame(), /28048/)
})

test('a silent bus is said to be silent, and its children stand still', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  screen.hear(60.2)
  await screen.shows(/no data since \d\d:\d\d:\d\d/)
  assert.match(screen.frame(), /28039 28039-01 +0:00:00 +S spam/)
})

test('a filter shows only the rows that have its text, and escape shows all again', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  await screen.shows(/28048/)
  screen.press('/virus\r')
  await screen.shows(/filter "virus": 1 shown/)
  assert.doesNotMatch(screen.frame(), /28039|28048/)
  screen.press('\u001B')
  await screen.shows(/28048/)
})

test('a pause holds the picture while the bus goes on', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  await screen.shows(/28048/)
  screen.press(' ')
  await screen.shows(/PAUSED/)
  screen.hear(2, 'am.st 28048 2000 exiting')
  screen.press('j')
  assert.match(screen.frame(), /28048/)
  screen.press('Z')
  await screen.shows(/^((?!28048)[\s\S])*$/)
})

test('the help page has the keys and the letters, and ? leaves it', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.press('?')
  await screen.shows(/KEYS +STATES/)
  assert.match(screen.frame(), /Q {2}quarantine and notifications/)
  screen.press('?')
  await screen.shows(/waiting for the bus/)
})

test('an unknown key says where the keys are', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.press('x')
  await screen.shows(/no such key: x/)
})

test('K ends the child under the cursor, with a second key only', async t => {
  const signalled: number[] = []
  const processes: Processes = {
    probe: () => 'alive',
    signal: (pid, signal) => {
      assert.equal(signal, 'SIGTERM')
      signalled.push(pid)
      return 'alive'
    },
  }
  const screen = screenOf({processes})
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  await screen.shows(/28048/)
  screen.press(DOWN)
  screen.press('K')
  await screen.shows(/Kill child 28048 \(SIGTERM\)\?/)
  screen.press('n')
  await screen.shows(/nothing was done/)
  assert.deepEqual(signalled, [])
  screen.press(UP)
  screen.press('K')
  await screen.shows(/Kill child 28039/)
  screen.press('y')
  await screen.shows(/SIGTERM sent to 28039/)
  assert.deepEqual(signalled, [28039])
})

test('K says why it cannot act: another machine, a foreign process, a read-only view, no child', async t => {
  const remote = screenOf({endpoint: 'tcp://mx9.example.com:23232'})
  t.after(remote.close)
  remote.hear(0.2, ...THREE)
  await remote.shows(/28048/)
  remote.press('K')
  await remote.shows(/not possible, its bus .* is not on this machine/)

  const foreign = screenOf()
  t.after(foreign.close)
  foreign.press('K')
  await foreign.shows(/not possible, there is no child under the cursor/)
  foreign.hear(0.2, ...THREE)
  await foreign.shows(/28048/)
  foreign.press('Ky')
  await foreign.shows(/process 28039 is not an amavis child on this machine/)

  const readOnly = screenOf({readOnly: true})
  t.after(readOnly.close)
  readOnly.hear(0.2, ...THREE)
  await readOnly.shows(/28048/)
  assert.doesNotMatch(readOnly.frame(), /K kill|R retire/)
  readOnly.press('K')
  await readOnly.shows(/this view is read-only/)
})

test('of many children those around the cursor are drawn', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...Array.from({length: 300}, (_, i) => `am.st ${1000 + i} 1700000000.000 -`))
  await screen.shows(/ 1000 /)
  assert.doesNotMatch(screen.frame(), / 1100 /)
  screen.press('G')
  await screen.shows(/ 1299 /)
  assert.doesNotMatch(screen.frame(), / 1000 /)
  assert.equal(screen.frame().split('\n').length, 24)
})

test('d leaves states out of the bar, down to none', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  screen.hear(3.2)
  await screen.shows(/28039 .* mGSSS\b/)
  screen.press('d')
  await screen.shows(/details level 0/)
  assert.match(screen.frame(), /28039 28039-01 +0:00:03 +S spam +===/)
  screen.press('d')
  await screen.shows(/28039 .* mmm\b/)
})

test('enter shows a child: the states of its task with their times, and its last tasks, slowest sections first', async t => {
  const screen = screenOf()
  t.after(screen.close)
  const timing = (n: number) =>
    `am.log.**** 28039 170000000${n}.500 (28039-0${n}) size: 23${n}, TIMING [total 17${n} ms] - SMTP EHLO: 1.3 (1%)1, SA check: 97 (56%)57, AV-scan-1: 23 (13%)100`
  screen.hear(
    0.2,
    ...THREE,
    timing(1),
    timing(2),
    'am.log.**** 28039 1700000000.000 (28039-01) \u001B[2Jother',
  )
  screen.hear(3.2)
  await screen.shows(/28048/)
  screen.press('\r')
  await screen.shows(/LAST 2 TASKS/)
  assert.match(screen.frame(), /task +28039-01 +S spam +0:00:03/)
  assert.match(screen.frame(), /G mail-id +0\.100 +3%\n +S spam +3\.000 +94% +now/)
  assert.match(
    screen.frame(),
    /28039-02 .* 172 +232 +SA check 97, AV-scan-1 23, SMTP EHLO 1\.3\n +28039-01 .* 171/,
  )
  screen.press('\r')
  await screen.shows(/28048/)
})

test('R asks the master to retire the child after a second key, and says what the master says', async t => {
  const asked: number[] = []
  const screen = screenOf({
    retire: async pid => {
      asked.push(pid)
      return {kind: 'refused', reason: 'no child has the PID'}
    },
  })
  t.after(screen.close)
  screen.hear(0.2, ...THREE)
  await screen.shows(/28048/)
  screen.press('R')
  await screen.shows(/Retire child 28039\?/)
  assert.deepEqual(asked, [])
  screen.press('y')
  await screen.shows(/R: not possible, no child has the PID/)
  assert.deepEqual(asked, [28039])
})

test('hostile frames neither reach the terminal as they are nor stop the screen', async t => {
  const screen = screenOf()
  t.after(screen.close)
  screen.hear(
    0.2,
    'am.st 4711 1700000000.000 \u001B[31mX \u001B]0;owned\u0007',
    `am.st 4712 1700000000.000 ${'S'.repeat(100_000)} ${'9'.repeat(100_000)}`,
    `am.st ${'9'.repeat(400)} 1 S`,
    `am.st 4713 ${'9'.repeat(400)} S`,
    'am.st 0 1700000000.000 S',
    `am.proc.busy ${'9'.repeat(300)} 0`,
    'am.st 4714 1700000000.000 \u202E\uFFFD\u4E2D',
    ...THREE,
  )
  await screen.shows(/28051/)
  assert.match(screen.frame(), /4711 \?\]0;owned\?/)
  assert.match(screen.frame(), /4712 9999/)
  assert.match(screen.frame(), /5 busy, 1 idle of 6/)
  assert.doesNotMatch(screen.frame(), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ufffd]/)
})
