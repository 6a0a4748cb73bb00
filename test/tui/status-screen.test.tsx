import assert from 'node:assert/strict'
import {test} from 'node:test'
import {stripVTControlCharacters} from 'node:util'
import {render} from 'ink-testing-library'
import {parseFrame} from '../../src/bus/grammar.ts'
import {variablesOf} from '../../src/tui/agent/text.ts'
import {StatusScreen} from '../../src/tui/status/screen.tsx'
import {DEFAULT_LIMITS} from '../../src/tui/status/thresholds.ts'
import {createStatusWatch} from '../../src/tui/status/watch.ts'
import {createTheme} from '../../src/tui/theme.ts'
import {until} from '../support/wait.ts'

const T0 = 1_700_000_000_000
const PLACES = [
  {endpoint: 'tcp://mx1:23232', responder: 'tcp://mx1:23233'},
  {endpoint: 'tcp://mx2:23232', responder: 'tcp://mx2:23233'},
]
const ESCAPE = '\u001B'
const ENTER = '\r'

/** The screen over a watch whose clock the test turns. */
function screenOf(hosts: 1 | 2) {
  let nowMs = T0
  const places = PLACES.slice(0, hosts)
  const watch = createStatusWatch(places, () => nowMs)
  const screen = render(<StatusScreen watch={watch} limits={DEFAULT_LIMITS} theme={createTheme({})} />)
  const frame = () => stripVTControlCharacters(screen.lastFrame() ?? '')
  return {
    watch,
    frame,
    press: (keys: string) => screen.stdin.write(keys),
    hear(seconds: number, host: number, ...frames: string[]) {
      nowMs = T0 + seconds * 1000
      if (frames.length > 0) watch.put(places[host]!.endpoint, frames)
      watch.refresh()
    },
    answer(host: number, ...frames: string[]) {
      watch.answered(places[host]!.responder, variablesOf(frames.map(parseFrame)))
      watch.refresh()
    },
    shows: (pattern: RegExp) => until(`${pattern} on\n${frame()}`, () => pattern.test(frame()), 5000),
    close: () => screen.unmount(),
  }
}

const FRAMES = ['am.st 28039 1700000000.000 S 28039-01', 'am.st 28048 1700000000.000 -', 'am.proc.busy 28039']

test('it listens for a moment before it says that something is missing', async t => {
  const screen = screenOf(1)
  t.after(screen.close)
  await screen.shows(/no data yet\nlistening\n/)
  assert.doesNotMatch(screen.frame(), /is silent/)
  screen.hear(4, 0)
  await screen.shows(/CRITICAL {2}4 warnings[\s\S]*X msg-forwarder is silent: amavis mc status/)
})

test('a pause holds the picture, and data that grows old is said to be', async t => {
  const screen = screenOf(1)
  t.after(screen.close)
  screen.hear(0.5, 0, ...FRAMES)
  await screen.shows(/live\n[\s\S]*children +1 busy, 1 idle; oldest task 0\.5 s/)
  screen.press(' ')
  await screen.shows(/PAUSED/)
  screen.hear(2, 0, 'am.st 28040 1700000002.000 V 28040-01')
  assert.match(screen.frame(), /1 busy, 1 idle/)
  screen.press(' ')
  await screen.shows(/2 busy, 1 idle/)
  screen.hear(30, 0)
  await screen.shows(/no data since [\s\S]*X bus +data 28\.0 s old/)
})

test('enter looks closer at a section, escape goes back, other keys say where help is', async t => {
  const screen = screenOf(1)
  t.after(screen.close)
  screen.hear(0.5, 0, ...FRAMES)
  await screen.shows(/live/)
  screen.press('jj')
  screen.press(ENTER)
  await screen.shows(/ {2}children[\s\S]*1 spam\noldest task: 28039-01 of PID 28039/)
  screen.press(ESCAPE)
  await screen.shows(/mta queues/)
  screen.press('x')
  await screen.shows(/no such key: x/)
  screen.press('?')
  await screen.shows(/look closer, and back/)
})

test('of several hosts the worst is seen at once, and enter shows it', async t => {
  const screen = screenOf(2)
  t.after(screen.close)
  screen.hear(4, 0, ...FRAMES)
  screen.answer(0, 'am.snmp sysName STR mx1.example.com')
  await screen.shows(
    /2 hosts[\s\S]* {2}mx1\.example\.com +WELL +1 +1 [\s\S]*X tcp:\/\/mx2:23232 +CRITICAL +0 +0/,
  )
  screen.press('j')
  screen.press(ENTER)
  await screen.shows(/amavis status {2}tcp:\/\/mx2:23232[\s\S]*no children/)
  screen.press(ESCAPE)
  await screen.shows(/2 hosts/)
})

test('hostile frames neither reach the terminal as they are nor stop the screen', async t => {
  const screen = screenOf(1)
  t.after(screen.close)
  const evil = '\u001B[31m\u009b2J\u202e\u0007'
  screen.hear(
    0.2,
    0,
    ...FRAMES,
    `am.st 4711 1700000000.000 ${evil} ${evil}`,
    `am.log.******* 4711 99999999999.000 (x) FWD from <${evil}> 451 ${evil}`,
    `am.log.******* 4711 1700000000.000 childproc-minder: PID 4711 went away, task ${evil}, states ${evil}, age 9.0 s`,
    `am.log.**** 4711 1700000000.000 TIMING [total 1e9 ms] - ${evil}: 9 (100%)`,
    `am.log.**** 4711 1700000000.000 TIMING [total 9 ms] - A${evil}: 9 (100%)100`,
  )
  screen.answer(
    0,
    `am.snmp sysName STR ${evil}`,
    `am.snmp DaemonVersion STR ${evil}`,
    'am.snmp DaemonGeneration INT -1e400',
    'am.snmp sysUpTime INT 99999999999999999999',
    `am.snmp Scanner.${evil} STR failing 999999999999999 ${evil}`,
    `am.snmp virus.byname.${evil} C32 1`,
    'am.snmp InMsgs C32 1e400',
    'am.snmp MtaQueueEntriesDeferred G32 NaN',
    'am.snmp MtaQueueOldestDeferred G32 1e300',
  )
  await screen.shows(/WARNING/)
  for (let section = 0; section < 14; section++) {
    assert.doesNotMatch(screen.frame(), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    screen.press(ENTER)
    await screen.shows(/esc back/)
    assert.doesNotMatch(screen.frame(), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    screen.press(ESCAPE)
    await screen.shows(/enter look closer/)
    screen.press('j')
  }
})
