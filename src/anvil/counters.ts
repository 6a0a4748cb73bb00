/**
 * counters — what the counting server says on the bus: how much it was asked, and how much it remembers.
 */
import type {Publisher} from '../bus/publisher.ts'

/** Requests by what they tell of. */
export type Asked =
  | 'Connections'
  | 'Disconnections'
  | 'Messages'
  | 'Recipients'
  | 'NewTls'
  | 'Auths'
  | 'Lookups'
  | 'Refused'

const BY_REQUEST: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ['connect', 'Connections'],
  ['disconnect', 'Disconnections'],
  ['message', 'Messages'],
  ['recipient', 'Recipients'],
  ['newtls', 'NewTls'],
  ['tlstr', 'NewTls'],
  ['auth', 'Auths'],
  ['lookup', 'Lookups'],
  ['newtls_status', 'Lookups'],
  ['newtls_report', 'Lookups'],
])

export class RequestCounts {
  readonly #counts = new Map<Asked, number>()
  /** all there were */
  total = 0

  add(request: string): void {
    this.total++
    const kind = BY_REQUEST.get(request) ?? 'Refused'
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  /** Publish what was asked since the last time, and how things stand. */
  publish(publisher: Publisher, clients: number, connections: number): void {
    publisher.counters([
      ...[...this.#counts].map(
        ([kind, value]) => ({name: `AnvilRequests${kind}`, type: 'C32', value}) as const,
      ),
      {name: 'AnvilClients', type: 'G32', value: clients},
      {name: 'AnvilStreams', type: 'G32', value: connections},
    ])
    this.#counts.clear()
  }
}
