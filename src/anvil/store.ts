/**
 * store — what the counting server wants of the place where clients are counted. Types.
 *
 * An answer may come at once or later: memory-store.ts is of this process, another may be shared by the servers of
 * several MTAs. Each operation is one step, which nothing that others do comes between. One that fails is answered
 * to smtpd as failed, which it takes for "no limit".
 */
import type {ClientCounts, Rate} from './table.ts'

export type Soon<T> = T | Promise<T>

/** A client after an event of it. */
export interface CountedClient {
  readonly counts: ClientCounts
  /** nobody knew it before */
  readonly isNew: boolean
}

/** A client by its name, with its counts. */
export interface NamedClient extends ClientCounts {
  readonly ident: string
}

export interface ClientStore {
  /** seconds over which events are counted, and for which a client that has gone is remembered */
  unit: number
  /** clients that are remembered */
  readonly size: number
  /**
   * A connection begins.
   * @param before whose connection ends by it: counted after this one, and before what is answered
   */
  connect(ident: string, before: string | undefined): Soon<CountedClient>
  /** A connection ends. */
  disconnect(ident: string): Soon<void>
  /** Count an event; a client that nobody knows connects by it, as `connect` has it. */
  add(ident: string, rate: Exclude<Rate, 'rate'>, before: string | undefined): Soon<CountedClient>
  /** A look at a client, with nothing for one that nobody knows. */
  look(ident: string): Soon<ClientCounts>
  /** The clients with the highest sums of their numbers, highest first. */
  busiest(limit: number): Promise<readonly NamedClient[]>
  /** Do what can wait; called some times a second. */
  tidy(): void
}
