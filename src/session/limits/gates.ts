/**
 * gates — makes the gate of each session that is limited, all on a child's one connection to the counting server.
 *
 * Loaded where a limit is set.
 */
import type {Publisher} from '../../bus/publisher.ts'
import type {Settings} from '../../config/settings.ts'
import type {Log} from '../../log/log.ts'
import type {Listener} from '../../message/envelope.ts'
import {plainAddress} from '../access.ts'
import {AnvilClient} from './anvil-client.ts'
import {type ClientGate, createGate} from './gate.ts'
import {isExempt, limitsOf} from './limits.ts'

export interface GatesOptions {
  /** Unix socket of the counting server; '' for none, which limits nobody */
  readonly path: string
  readonly log: Log
  readonly publisher: Pick<Publisher, 'counters'>
}

export class ClientGates {
  readonly #options: GatesOptions
  readonly #anvil: AnvilClient

  constructor(options: GatesOptions) {
    this.#options = options
    this.#anvil = new AnvilClient(options)
  }

  /**
   * The gate for a client; undefined where nothing limits it, or it came by a socket without addresses.
   * @param settings of its socket
   */
  gateFor(settings: Settings, {port}: Listener, address: string | undefined): ClientGate | undefined {
    const limits = limitsOf(settings)
    const {path, log, publisher} = this.#options
    if (!limits || path === '' || address === undefined || port === undefined) return undefined
    const client = plainAddress(address)
    if (isExempt(settings, client, line => log.write(-1, line))) return undefined
    const {bankPath} = settings
    return createGate({anvil: this.#anvil, limits, address: client, port, bankPath, publisher})
  }

  close(): void {
    this.#anvil.close()
  }
}
