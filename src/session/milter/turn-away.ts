/**
 * turn-away — the conversation with an MTA that nobody has room for: it is told so at its client's connection.
 *
 * `tempfail`: its client hears 4xx and comes again; `accept`: its client's mail passes without us.
 */
import type {Socket} from 'node:net'
import {FrameReader, frame} from './frames.ts'
import {MANNERS} from './manners.ts'
import {negotiate, negotiationReply} from './negotiation.ts'

export type TurnAway = 'tempfail' | 'accept'

const WORDS = {tempfail: 't', accept: 'a'} as const
/** Longer than this nobody needs to go. */
const LEAVE_MS = 60_000

/** Resolves when the connection is over. */
export async function turnAway(socket: Socket, how: TurnAway): Promise<void> {
  socket.on('error', () => socket.destroy())
  socket.setTimeout(LEAVE_MS, () => socket.destroy())
  const reader = new FrameReader()
  try {
    for await (const chunk of socket.iterator({destroyOnReturn: false})) {
      for (const next of reader.push(chunk as Buffer)) {
        if (next === 'broken' || next.command === 'Q') return
        if (next.command === 'O') {
          const agreed = negotiate(next.data, {...MANNERS, noReply: false})
          if (!agreed) return
          socket.write(negotiationReply(agreed))
        } else if (!SILENT.has(next.command)) socket.write(frame(WORDS[how]))
      }
    }
  } catch {
    // it went by itself
  } finally {
    socket.destroySoon()
  }
}

/** Macros, abort, and quit for a new connection get no reply. */
const SILENT: ReadonlySet<string> = new Set(['D', 'A', 'K'])
