/**
 * Recorded milter conversations, replayed against us: each event gets its one reply, however its octets are cut; and
 * what an MTA should never say is answered or ends the connection as the specification has it.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Outcome} from '../../src/session/transaction.ts'
import {converse, startMilter} from '../session/milter/conversation.ts'
import {readFixture} from './shared.ts'

interface Event {
  readonly conn?: number
  readonly dir: string
  readonly hex?: string
}
interface Case {
  readonly name: string
  readonly frames?: readonly Event[]
  readonly events?: readonly Event[]
}

const cases = (name: string) => (JSON.parse(readFixture(`${name}.json`)) as {cases: readonly Case[]}).cases
const PASS: Outcome = {
  reply: {code: 250, enhanced: '2.5.0', text: 'Ok'},
  perRecipient: [],
  edits: {changes: [], removedRecipients: [], addedRecipients: []},
}
const OWED = 'CHMRTLNBEU'

/** What the MTA says in one connection, frame by frame. */
function spoken(frames: readonly Event[], conn: number | undefined): readonly Buffer[] {
  return frames.flatMap(({dir, hex, conn: of}) =>
    dir === 'M->F' && hex !== undefined && of === conn ? [Buffer.from(hex, 'hex')] : [],
  )
}

const commandOf = (frame: Buffer) => String.fromCharCode(frame[4] ?? 0)

/** The offer without the bits by which events need no reply. */
function withoutQuiet(frame: Buffer): Buffer {
  if (commandOf(frame) !== 'O' || frame.length < 17) return frame
  const copy = Buffer.from(frame)
  copy.writeUInt32BE((copy.readUInt32BE(13) & ~0x1ff080) >>> 0, 13)
  return copy
}

const RECORDED = [
  'milter-sessions',
  'milter-negotiation',
  'milter-content',
  'milter-replies',
  'milter-eom',
  'milter-errors',
]

for (const name of RECORDED) {
  test(`${name}: every event of every connection has its one reply`, async t => {
    const server = await startMilter({filter: async () => PASS})
    t.after(() => server.close())
    let connections = 0
    for (const {name: title, frames = []} of cases(name)) {
      const isWhole = frames.every(({dir, hex}) => dir !== 'M->F' || hex !== undefined)
      for (const conn of isWhole ? new Set(frames.map(({conn: number}) => number)) : []) {
        const said = spoken(frames, conn)
        if (said.length === 0 || commandOf(said[0]!) !== 'O') continue
        connections++
        const owed = said.map(withoutQuiet)
        const expected = `O${owed
          .map(commandOf)
          .filter(command => OWED.includes(command))
          .map(() => 'c')
          .join('')}`
        const heard = await converse(server.port, owed, 60, expected.length)
        assert.equal(answers(heard.replies), expected, `${title} ${conn}`)
        // The same in one piece, and with nothing owed but the end of a mail.
        const ends = said.filter(frame => commandOf(frame) === 'E').length
        const offersAll = (said[0]!.readUInt32BE(13) & 0x1ff080) === 0x1ff080
        const quiet = await converse(server.port, [Buffer.concat(said)], 60, offersAll ? 1 + ends : 1)
        if (offersAll) assert.equal(answers(quiet.replies), `O${'c'.repeat(ends)}`, `${title} ${conn}, quiet`)
      }
    }
    assert.ok(connections > 0)
    t.diagnostic(`${connections} connections`)
  })
}

/** A mail out of order, or without recipients, is deferred: an answer like any other. */
const answers = (replies: string) => replies.replaceAll('y', 'c')

test('a conversation that comes octet by octet is the same', async t => {
  const server = await startMilter({filter: async () => PASS})
  t.after(() => server.close())
  const [first] = cases('milter-sessions')
  const said = Buffer.concat(spoken(first!.frames!, 1).map(withoutQuiet))
  const whole = await converse(server.port, [said])
  const cut = await converse(
    server.port,
    Array.from(said, octet => Buffer.from([octet])),
    150,
    whole.replies.length,
  )
  assert.equal(cut.replies, whole.replies)
  assert.deepEqual(cut.data, whole.data)
})

/** Where we are meant to differ from libmilter (spec/milter §12): our replies, and whether we close. */
const OURS: Readonly<Record<string, readonly [replies: string, closed: boolean]>> = {
  'rcpt before mail': ['Occyc', true],
  'header before rcpt': ['Occccc', true],
  'body before eoh': ['Occccccc', true],
  'rcpt after data command (Postfix does this after a refused DATA)': ['Occccccccccc', true],
  // none of the changes that we make is needed by every mail
  'negotiation missing a needed action': ['O', false],
  'negotiation twice': ['OOc', true],
  'length 0xffffffff': ['Occ', true],
  'body chunk 65536': ['Occccccc', false],
  'helo not terminated': ['Oc', true],
}

test('what libmilter was asked by hand gets the answers that it should have got', async t => {
  const server = await startMilter({filter: async () => PASS})
  t.after(() => server.close())
  const probes = cases('milter-libmilter-probes')
  for (const {name, events = []} of probes) {
    const said = spoken(events, undefined).map(withoutQuiet)
    const heard = await converse(server.port, said, 80)
    const theirs = events
      .filter(({dir}) => dir === 'F->M')
      .map(({hex = ''}) => commandOf(Buffer.from(hex, 'hex')))
      .join('')
    const [replies, closed] = OURS[name] ?? [theirs, events.some(({dir}) => dir === 'filter-closed')]
    assert.equal(heard.replies, replies, name)
    assert.equal(heard.closed, closed, name)
  }
  assert.equal(probes.length, 48)
})
