/** anvil — the counting server against what was recorded of Postfix's own. */
import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import test from 'node:test'
import {memoryStore} from '../../src/anvil/memory-store.ts'
import {Peaks} from '../../src/anvil/peaks.ts'
import {ANNOUNCEMENT, AnvilStream} from '../../src/anvil/stream.ts'
import {AnvilTable} from '../../src/anvil/table.ts'
import {readFixture, sharedPath} from './shared.ts'

interface Event {
  readonly dir: 'open' | 'S->C' | 'C->S' | 'server-eof' | 'client-eof'
  readonly conn?: number
  readonly t?: number
  readonly hex?: string
}

const octets = (hex: string | undefined) => Buffer.from(hex ?? '', 'hex').toString('latin1')

/** `tlstr` is ours beyond the recorded release. */
const withoutTlstr = (reply: string) => reply.replace(/tlstr=\d+\n/g, '')

/** A server with its streams, fed with recorded octets. */
class Replay {
  now = 0
  readonly #store = memoryStore(new AnvilTable(5, () => Math.floor(this.now)))
  readonly #peaks = new Peaks(() => 0)
  readonly #streams = new Map<number, AnvilStream>()

  stream(conn = 0): AnvilStream {
    let stream = this.#streams.get(conn)
    if (!stream) {
      stream = new AnvilStream(this.#store, this.#peaks)
      this.#streams.set(conn, stream)
    }
    return stream
  }

  close(conn = 0): void {
    this.#streams.get(conn)?.end()
    this.#streams.delete(conn)
  }
}

for (const name of readdirSync(sharedPath('fixtures')).filter(file => file.startsWith('anvil-session-'))) {
  test(`${name} is answered octet for octet`, () => {
    const {events} = JSON.parse(readFixture(name)) as {events: readonly Event[]}
    const replay = new Replay()
    const waiting = new Map<number, string>()
    let compared = 0
    for (const {dir, conn = 0, t = 0, hex} of events) {
      replay.now = t
      if (dir === 'open') waiting.set(conn, ANNOUNCEMENT)
      else if (dir === 'C->S') {
        const {reply} = replay.stream(conn).receive(octets(hex))
        waiting.set(conn, (waiting.get(conn) ?? '') + reply)
      } else if (dir === 'S->C') {
        assert.equal(withoutTlstr(waiting.get(conn) ?? ''), octets(hex))
        waiting.set(conn, '')
        compared++
      } else replay.close(conn)
    }
    assert.ok(compared > 0)
  })
}

interface Probe {
  readonly name: string
  readonly events: readonly Event[]
}

/** Where ours does more than the original: both of two requests in a row are answered, and one more name is known. */
const SUPERSET: Readonly<Record<string, string>> = {
  'two pipelined requests in one write': 'status=0\ncount=1\nrate=1\n\nstatus=0\nrate=1\n\n',
  'manpage newtls_report is not implemented': 'status=0\nrate=0\n\n',
}

const {cases: probes} = JSON.parse(readFixture('anvil-probes.json')) as {cases: readonly Probe[]}

test('there are the recorded probes', () => assert.equal(probes.length, 29))

for (const {name, events} of probes) {
  test(`probe: ${name}`, () => {
    // What follows octets that are no text lines waits for the end of a line that never comes.
    const [announced, ...rest] = name.startsWith('NUL framed') ? events.slice(0, 2) : events
    assert.equal(ANNOUNCEMENT, octets(announced?.hex))
    const stream = new Replay().stream()
    let reply = ''
    let closed = false
    for (const {dir, hex} of rest) {
      if (dir === 'C->S') {
        const answer = stream.receive(octets(hex))
        reply += answer.reply
        closed ||= answer.close
        if (answer.close) assert.equal(answer.warnings.length, 1)
      } else if (dir === 'S->C') {
        assert.equal(
          withoutTlstr(reply),
          SUPERSET[name] && reply.startsWith(SUPERSET[name]) ? SUPERSET[name] : octets(hex),
        )
        reply = ''
      } else {
        assert.equal(dir, 'server-eof')
        assert.ok(closed)
        assert.equal(reply, '')
      }
    }
    assert.equal(
      closed,
      rest.some(({dir}) => dir === 'server-eof'),
    )
  })
}

interface Scenario {
  readonly name: string
  readonly events: readonly {
    readonly t: number
    readonly conn: number
    readonly action?: 'close'
    readonly request?: string
    readonly ident?: string
    readonly reply?: Readonly<Record<string, number>>
  }[]
}

const {scenarios} = JSON.parse(readFixture('anvil-timing.json')) as {scenarios: readonly Scenario[]}

test('there are the recorded scenarios', () => assert.equal(scenarios.length, 7))

for (const {name, events} of scenarios) {
  test(`in time: ${name}`, () => {
    const replay = new Replay()
    for (const {t, conn, action, request, ident, reply = {}} of events) {
      replay.now = 1000.05 + t
      if (action === 'close') {
        replay.close(conn)
        continue
      }
      const answer = replay.stream(conn).receive(`request=${request}\nident=${ident}\n\n`)
      const expected = Object.entries(reply).map(([key, value]) => `${key}=${value}\n`)
      assert.equal(withoutTlstr(answer.reply), `${expected.join('')}\n`, `at ${t}`)
    }
  })
}
