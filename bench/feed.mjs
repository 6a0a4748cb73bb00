/**
 * feed — a daemon's bus that nobody filters mail for: children that go from state to state.
 *
 *     node bench/feed.mjs --endpoint tcp://127.0.0.1:21200 --children 1000 --rate 10000 [--together 5]
 *
 * `--rate` messages a second; with `--together` each is of so many frames, as our children send them, else of
 * one, as the original's do. Every task ends with its TIMING entry. Runs until it is ended; real time, one
 * PUB socket that is bound.
 */
import {parseArgs} from 'node:util'
import {Publisher} from 'zeromq'

const {values} = parseArgs({
  options: {
    endpoint: {type: 'string', default: 'tcp://127.0.0.1:21200'},
    children: {type: 'string', default: '1000'},
    rate: {type: 'string', default: '10000'},
    together: {type: 'string', default: '1'},
  },
})
const children = Number(values.children)
const rate = Number(values.rate)
const together = Number(values.together)
const TICK_MS = 10
const LISTS_MS = 2000
const STATES = ['A', 'b', 'm', 'd', '=', 'G', 'D', 'V', 'S', 'r', 'Q', 'F', '.', '-']
const TIMING =
  'size: 5120, TIMING [total 142 ms, cpu 38 ms] - SMTP greeting: 1.1 (1%)1, SMTP EHLO: 0.5 (0%)1, SMTP pre-MAIL: 0.4 (0%)1, ' +
  'SMTP MAIL: 2.2 (2%)3, SMTP RCPT: 1.9 (1%)4, SMTP pre-DATA-flush: 0.8 (1%)5, SMTP DATA: 2.0 (1%)6, mime_decode: 5.2 (4%)10, ' +
  'get-file-type1: 9.6 (7%)17, parts_decode: 0.1 (0%)17, AV-scan-1: 31.0 (22%)38, spam-wb-list: 0.3 (0%)39, SA check: 61.9 ' +
  '(44%)82, update_cache: 0.5 (0%)82, fwd-connect: 7.3 (5%)87, fwd-end-chkpnt: 10.0 (7%)98, main_log_entry: 2.6 (2%)100'

/** Where each child is, and when its task began. */
const at = Array.from({length: children}, (_, i) => ({
  pid: 20_001 + i,
  step: i % STATES.length,
  task: 1,
  baseMs: Date.now(),
}))

function next(child) {
  const {pid} = child
  child.step = (child.step + 1) % STATES.length
  const state = STATES[child.step]
  const nowMs = Date.now()
  const absolute = state === 'A' || state === 'm'
  if (absolute) child.baseMs = nowMs
  const time = absolute ? (nowMs / 1000).toFixed(3) : nowMs - child.baseMs
  const id = `${pid}-${String(child.task).padStart(2, '0')}`
  if (state === '-') child.task = (child.task % 99) + 1
  return `am.st ${pid} ${time} ${state}${'mdGDVSrQF='.includes(state) ? ` ${id}` : ''}`
}

const publisher = new Publisher({linger: 0, sendHighWaterMark: 1000})
await publisher.bind(values.endpoint)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit())

let turn = 0
let sent = 0
let listsMs = 0
const startMs = performance.now()
async function tick() {
  const due = Math.floor(((performance.now() - startMs) * rate) / 1000)
  // after a stop of this process nothing is made up for
  if (due - sent > rate) sent = due
  for (; sent < due; sent++) {
    const child = at[turn++ % children]
    const frames = []
    for (let i = 0; i < together; i++) frames.push(next(child))
    await publisher.send(frames)
    if (child.step === 12 && sent + 1 < due) {
      const id = `${child.pid}-${String(child.task).padStart(2, '0')}`
      await publisher.send(`am.log.**** ${child.pid} ${(Date.now() / 1000).toFixed(3)} (${id}) ${TIMING}`)
      sent++
    }
  }
  if (performance.now() - listsMs > LISTS_MS) {
    listsMs = performance.now()
    const pids = busy =>
      at.flatMap(({pid, step}) => (step < STATES.length - 1 === busy ? [pid] : [])).join(' ')
    await publisher.send(`am.proc.busy ${pids(true)}`)
    await publisher.send(`am.proc.idle ${pids(false)}`)
  }
  setTimeout(tick, TICK_MS)
}
void tick()
