/**
 * busiest — the clients with most to show, of any number, without holding up who waits for an answer.
 */
import {setImmediate as turn} from 'node:timers/promises'
import type {NamedClient} from './store.ts'
import type {AnvilTable} from './table.ts'

/** Clients looked at between two looks at the sockets. */
const SLICE = 2000

/** The clients with the highest sums of their numbers, highest first. */
export async function busiestClients(table: AnvilTable, limit: number): Promise<readonly NamedClient[]> {
  let best: NamedClient[] = []
  let seen = 0
  let least = -1
  for (const client of table.clients()) {
    if (++seen % SLICE === 0) await turn()
    if (best.length >= limit && weight(client) <= least) continue
    best.push(client)
    if (best.length < 2 * limit) continue
    best = highest(best, limit)
    least = weight(best.at(-1)!)
  }
  return highest(best, limit)
}

function highest(clients: readonly NamedClient[], limit: number): NamedClient[] {
  return clients.toSorted((a, b) => weight(b) - weight(a) || (a.ident < b.ident ? -1 : 1)).slice(0, limit)
}

function weight({count, rate, mail, rcpt, newtls, auth, tlstr}: NamedClient): number {
  return count + rate + mail + rcpt + newtls + auth + tlstr
}
