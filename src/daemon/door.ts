/**
 * door — where connections come in: the listening sockets and the line of those who wait for a child.
 *
 * When the line is full, listeners pause and the rest waits in the kernel's queues. For that each listener
 * needs a second descriptor, which a child sends back (listeners.ts); a full line before any child is up
 * goes over its limit rather than lose a connection.
 *
 * A reload opens new sockets before the children of the new configuration are up: whoever comes to one of
 * these waits apart until that configuration serves, as the old one would treat them by the wrong rules.
 */
import {closeSync} from 'node:fs'
import type net from 'node:net'
import {type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {Listener, type ListenOptions, type RawHandle} from './listeners.ts'
import type {Inheritance} from './messages.ts'
import type {Plan} from './plan.ts'
import type {ActivatedSocket} from './socket-activation.ts'
import {WaitingLine} from './waiting-line.ts'

/** A child that was asked for a second descriptor sends it within this time, or another is asked. */
const ECHO_LIMIT_MS = 1000

/** A connection and the socket of ours that took it. */
export interface Connection {
  readonly socket: net.Socket
  readonly listener: SocketSpec
}

/** Those behind the door. */
export interface Inside {
  /** Whether its configuration names this socket. */
  serves(spec: SocketSpec): boolean
  /** Give a connection to an idle child; false when there is none. */
  give(connection: Connection): boolean
  /** Have a child send a descriptor back; false when there is no child. */
  echo(key: string, handle: RawHandle): boolean
}

export class Door {
  readonly #inside: () => Inside | undefined
  readonly #line = new WaitingLine<Connection>(1)
  /** came to a socket of a configuration that does not serve yet */
  #early: readonly Connection[] = []
  readonly #listeners = new Map<string, Listener>()
  readonly #echoAskedAt = new Map<string, number>()
  readonly #onWaiting: () => void
  #accepted = 0
  #paused = false

  /**
   * @param inside the generation that serves now
   * @param onWaiting is called when a connection has to wait
   */
  constructor(inside: () => Inside | undefined, onWaiting: () => void = () => {}) {
    this.#inside = inside
    this.#onWaiting = onWaiting
  }

  get keys(): readonly string[] {
    return [...this.#listeners.keys()]
  }

  /** Connections taken since the beginning. */
  get accepted(): number {
    return this.#accepted
  }

  /** ms that the oldest connection in line has waited; 0 when none waits */
  get longestMs(): number {
    return this.#line.longestMs
  }

  get waiting(): {readonly length: number; readonly limit: number; readonly longestMs: number} {
    const {length, limit, longestMs} = this.#line
    return {length, limit, longestMs: Math.round(longestMs)}
  }

  /** How many connections may wait. */
  set limit(limit: number) {
    this.#line.limit = limit
    this.#pauseOrResume()
  }

  /** Sockets and descriptors, for a process that is to inherit them. */
  get descriptors(): Inheritance['sockets'] {
    return [...this.#listeners.values()].flatMap(({spec, fd, activated}) =>
      fd === undefined ? [] : [{spec, fd, activated}],
    )
  }

  /** Keys of the sockets that are the service manager's. */
  get activated(): readonly string[] {
    return [...this.#listeners].filter(([, {activated}]) => activated).map(([key]) => key)
  }

  /**
   * Take over what the service manager has bound. A socket that the configuration names is that one, others
   * come in addition.
   * @throws AmavisError AM_DAEMON when one of them is no socket that listens
   */
  async activate(
    sockets: readonly ActivatedSocket[],
    {sockets: wanted, backlog}: Pick<Plan, 'sockets' | 'backlog'>,
  ): Promise<void> {
    for (const {fd} of sockets) {
      const listener: Listener = await Listener.adopt(
        undefined,
        fd,
        {backlog, mode: undefined, owner: undefined, activated: true},
        socket => this.#take({socket, listener: asConfigured(listener.spec, wanted)}),
      )
      this.#listeners.set(socketKey(asConfigured(listener.spec, wanted)), listener)
    }
  }

  /**
   * Open those of a configuration's sockets that are not open yet: all of them or none.
   * @param owner of Unix sockets; undefined: who we are
   * @param inherited descriptors of sockets that another process has bound; what is not wanted is closed
   * @returns undoes it
   * @throws AmavisError AM_DAEMON saying which one cannot be opened, and why
   */
  async open(
    {sockets, backlog, socketMode}: Pick<Plan, 'sockets' | 'backlog' | 'socketMode'>,
    owner: ListenOptions['owner'],
    inherited: Inheritance['sockets'] = [],
  ): Promise<() => void> {
    const options = {backlog, mode: socketMode, owner}
    const descriptors = new Map(inherited.map(socket => [socketKey(socket.spec), socket]))
    const managed = inherited.filter(({activated}) => activated).map(({spec}) => spec)
    const opened: Listener[] = []
    const undo = () => {
      for (const listener of opened) {
        listener.close()
        this.#listeners.delete(listener.key)
      }
      this.#turnAwayEarly()
    }
    try {
      for (const spec of [...managed, ...sockets]) {
        const key = socketKey(spec)
        if (this.#listeners.has(key)) continue
        const take = (socket: net.Socket) => this.#take({socket, listener: spec})
        const bound = descriptors.get(key)
        descriptors.delete(key)
        const listener =
          bound === undefined
            ? await Listener.open(spec, options, take)
            : await Listener.adopt(spec, bound.fd, {...options, activated: bound.activated ?? false}, take)
        opened.push(listener)
        this.#listeners.set(key, listener)
      }
      for (const {fd} of descriptors.values()) closeSync(fd)
      return undo
    } catch (error) {
      undo()
      throw error
    }
  }

  /** Apply a configuration to sockets that were open before. @returns what could not be changed */
  adjust({backlog, socketMode: mode}: Pick<Plan, 'backlog' | 'socketMode'>): readonly string[] {
    return [...this.#listeners.values()].flatMap(listener => listener.adjust({backlog, mode}) ?? [])
  }

  /** Close all sockets but these; the paths of `left` stay, because another process listens on them now. */
  closeAllBut(kept: ReadonlySet<string>, left: ReadonlySet<string> = new Set()): void {
    for (const [key, listener] of this.#listeners) {
      if (kept.has(key)) continue
      listener.close({keepPath: left.has(key)})
      this.#listeners.delete(key)
    }
    this.#turnAwayEarly()
  }

  /** Close the connections that still wait; nothing has been said on them. */
  dismiss(): void {
    for (let waiting = this.#line.shift(); waiting; waiting = this.#line.shift()) waiting.socket.destroy()
  }

  #take(connection: Connection): void {
    this.#accepted++
    const isEarly = this.#isEarly(connection)
    if (!isEarly && this.#line.length === 0 && this.#inside()?.give(connection)) return
    connection.socket.on('error', () => {})
    if (!isEarly) this.#queue(connection)
    else if (this.#early.length < this.#line.limit) this.#early = [...this.#early, connection]
    else connection.socket.destroy()
  }

  /** A socket of the service manager's need not be in any configuration. */
  #isEarly({listener}: Connection): boolean {
    const inside = this.#inside()
    if (!inside || inside.serves(listener)) return false
    return this.#listeners.get(socketKey(listener))?.activated === false
  }

  #queue(connection: Connection): void {
    this.#line.push(connection)
    this.#onWaiting()
    this.#pauseOrResume()
  }

  /** Those who came early, now that their configuration serves. */
  #letEarlyIn(): void {
    const early = this.#early
    this.#early = early.filter(connection => this.#isEarly(connection))
    for (const connection of early) if (!this.#early.includes(connection)) this.#queue(connection)
  }

  /** Those who came early to a socket that is closed again: nothing has been said to them. */
  #turnAwayEarly(): void {
    const isOpen = ({listener}: Connection) => this.#listeners.has(socketKey(listener))
    for (const connection of this.#early) if (!isOpen(connection)) connection.socket.destroy()
    this.#early = this.#early.filter(isOpen)
  }

  #pauseOrResume(): void {
    const {accepting} = this.#line
    if (accepting && !this.#paused) return
    this.#paused = !accepting
    for (const listener of this.#listeners.values()) {
      if (accepting) listener.resume()
      else listener.pause()
    }
  }

  /** A connection that a child ended before it got it: it has waited longest. */
  takeBack(connection: Connection): void {
    this.#line.unshift(connection)
    this.serve()
  }

  /** A child may be idle: whoever has waited longest goes first. */
  serve(): void {
    this.#letEarlyIn()
    for (let first = this.#line.first; first && this.#inside()?.give(first); first = this.#line.first) {
      this.#line.shift()
    }
    this.#pauseOrResume()
    this.#askForSpares()
  }

  #askForSpares(): void {
    for (const [key, listener] of this.#listeners) {
      if (listener.hasSpare || !listener.handle) continue
      const asked = this.#echoAskedAt.get(key) ?? Number.NEGATIVE_INFINITY
      if (performance.now() - asked < ECHO_LIMIT_MS) continue
      if (this.#inside()?.echo(key, listener.handle)) this.#echoAskedAt.set(key, performance.now())
    }
  }

  /** A second descriptor has come back from a child. */
  keepSpare(key: string, handle: RawHandle): void {
    this.#echoAskedAt.delete(key)
    const listener = this.#listeners.get(key)
    if (listener) listener.keepSpare(handle)
    else handle.close()
  }
}

/** All addresses of all families are the one socket for both where the system has it so. */
function asConfigured(bound: SocketSpec, wanted: readonly SocketSpec[]): SocketSpec {
  if (bound.kind === 'unix' || bound.host !== '::') return bound
  const isSame = (spec: SocketSpec) => spec.kind === 'inet' && spec.host === '' && spec.port === bound.port
  return wanted.find(isSame) ?? bound
}
