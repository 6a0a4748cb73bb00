/**
 * listeners — the sockets that the master listens on, and nothing of what comes in on them.
 *
 * Node cannot stop accepting without closing the socket, and libuv removes a Unix socket's path when it
 * closes it. So each listener keeps a spare: a second descriptor of the same socket, got by sending the
 * first to a child and back. To pause is to close the first; the kernel's queue stays, held by the spare,
 * and to resume is to listen on that. And a Unix socket is bound under a name of its own and then renamed:
 * one that stands in the way is replaced in one step, and closing removes only what is no longer there.
 */
import {chmodSync, fstatSync, readFileSync, rmSync, statSync} from 'node:fs'
import net from 'node:net'
import {type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {AmavisError, errorText} from '../errors.ts'
import {bindUnixPath, type PathRights} from '../process/unix-path.ts'

/** A libuv stream handle; Node gives it out for `listen(handle)` and takes it in `send`. */
export interface RawHandle {
  readonly fd: number
  close(): void
  /** listen(2), which may be called again for another length of the queue; below 0: it failed */
  listen(backlog: number): number
}

/** The rights are for Unix sockets. */
export interface ListenOptions extends PathRights {
  /** undefined: the kernel's limit */
  readonly backlog: number | undefined
}

/** The longest queue that the kernel gives a listener; Node's own default is 511. */
function kernelBacklog(file = '/proc/sys/net/core/somaxconn'): number {
  try {
    return Number.parseInt(readFileSync(file, 'latin1'), 10) || 511
  } catch {
    return 511
  }
}

const NOT_YET_KNOWN: SocketSpec = {kind: 'unix', path: ''}

export class Listener {
  #spec: SocketSpec
  /** bound by the service manager, which has its permissions and its path */
  readonly activated: boolean
  readonly #onConnection: (socket: net.Socket) => void
  #backlog: number
  #server: net.Server | undefined
  #spare: RawHandle | undefined
  #accepting = true

  private constructor(
    spec: SocketSpec,
    backlog: number | undefined,
    onConnection: (socket: net.Socket) => void,
    activated = false,
  ) {
    this.#spec = spec
    this.activated = activated
    this.#backlog = backlog ?? kernelBacklog()
    this.#onConnection = onConnection
  }

  get spec(): SocketSpec {
    return this.#spec
  }

  get key(): string {
    return socketKey(this.spec)
  }

  /**
   * Bind and listen.
   * @throws AmavisError AM_DAEMON saying which socket, and why not
   */
  static async open(
    spec: SocketSpec,
    options: ListenOptions,
    onConnection: (socket: net.Socket) => void,
  ): Promise<Listener> {
    const listener = new Listener(spec, options.backlog, onConnection)
    try {
      if (spec.kind === 'unix') await bindUnixPath(spec.path, options, path => listener.#listen({path}))
      else {
        const {host, port} = spec
        await listener.#listen(host === '' ? {port} : {port, host, ipv6Only: host.includes(':')})
      }
    } catch (error) {
      throw new AmavisError('AM_DAEMON', `cannot listen on ${listener.key}: ${reason(error)}`, {cause: error})
    }
    return listener
  }

  /**
   * Listen on a socket that another process has bound, by our descriptor of it.
   * @param spec undefined: what it is bound to
   * @throws AmavisError AM_DAEMON when it is no stream socket that listens
   */
  static async adopt(
    spec: SocketSpec | undefined,
    fd: number,
    options: ListenOptions & {readonly activated?: boolean},
    onConnection: (socket: net.Socket) => void,
  ): Promise<Listener> {
    const listener = new Listener(spec ?? NOT_YET_KNOWN, options.backlog, onConnection, options.activated)
    try {
      await listener.#listen({fd})
      if (!spec) listener.#spec = boundTo(fd, listener.#server?.address() ?? null)
    } catch (error) {
      throw new AmavisError('AM_DAEMON', `cannot listen on descriptor ${fd}: ${reason(error)}`, {
        cause: error,
      })
    }
    return listener
  }

  #listen(where: (net.ListenOptions & {fd?: number}) | RawHandle): Promise<void> {
    const server = net.createServer({pauseOnConnect: true, noDelay: true}, this.#onConnection)
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      const done = () => {
        server.off('error', reject)
        // an accept that fails for want of descriptors is tried again by libuv
        server.on('error', () => {})
        resolve()
      }
      if ('close' in where) server.listen(where, this.#backlog, done)
      else server.listen({...where, backlog: this.#backlog} as net.ListenOptions, done)
    })
  }

  /**
   * Another configuration's queue and permissions for a socket that stays open.
   * @returns what could not be changed; undefined when all was
   */
  adjust({backlog = kernelBacklog(), mode}: Pick<ListenOptions, 'backlog' | 'mode'>): string | undefined {
    if (backlog !== this.#backlog) {
      this.#backlog = backlog
      // while paused there is no handle: resuming listens with the new one
      if ((this.handle?.listen(backlog) ?? 0) < 0) return `the queue of ${this.key} keeps its length`
    }
    if (this.spec.kind !== 'unix' || mode === undefined || this.activated) return undefined
    try {
      if ((statSync(this.spec.path).mode & 0o777) !== mode) chmodSync(this.spec.path, mode)
    } catch (error) {
      return `${this.key} keeps its permissions: ${errorText(error)}`
    }
    return undefined
  }

  /** The descriptor's number, for a process that is to inherit it; undefined when closed. */
  get fd(): number | undefined {
    return this.#spare?.fd ?? this.handle?.fd
  }

  /** What to send to a child to get the spare back; undefined when none is needed or can be had now. */
  get handle(): RawHandle | undefined {
    // private in Node, but the only way to a listening descriptor; `listen(handle)` is public
    return (this.#server as {_handle?: RawHandle | null} | undefined)?._handle ?? undefined
  }

  get hasSpare(): boolean {
    return this.#spare !== undefined
  }

  /** A second descriptor of our socket has come back. */
  keepSpare(handle: RawHandle): void {
    if (this.#spare || !this.#server) handle.close()
    else this.#spare = handle
    if (!this.#accepting) this.pause()
  }

  /** Leave further connections in the kernel's queue. Without a spare yet: as soon as there is one. */
  pause(): void {
    this.#accepting = false
    if (!this.#spare || !this.#server) return
    this.#server.close()
    this.#server = undefined
  }

  resume(): void {
    this.#accepting = true
    if (this.#server || !this.#spare) return
    const spare = this.#spare
    this.#spare = undefined
    void this.#listen(spare)
  }

  /** Stop listening for good. The path of a Unix socket goes too, unless someone else has it now. */
  close({keepPath = false} = {}): void {
    if (this.spec.kind === 'unix' && !keepPath && !this.activated) rmSync(this.spec.path, {force: true})
    this.#accepting = false
    this.#spare?.close()
    this.#spare = undefined
    this.#server?.close()
    this.#server = undefined
  }
}

/** What a descriptor that we listen on is bound to; Node does not say it of a Unix socket. */
function boundTo(fd: number, address: string | net.AddressInfo | null): SocketSpec {
  if (address && typeof address !== 'string') {
    return {kind: 'inet', host: address.address, port: address.port}
  }
  // Num RefCount Protocol Flags Type St Inode Path
  const inode = fstatSync(fd).ino
  const line = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .find(text => text.split(/ +/)[6] === String(inode))
  const path = line?.replace(/^(?:\S+ +){7}/, '') ?? ''
  if (!path.startsWith('/')) throw new Error('it is no socket with a path')
  return {kind: 'unix', path}
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'the address is in use by another process'
    case 'EACCES':
      return 'permission denied (ports below 1024 can only be bound by root at a start)'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address'
    case 'ENOENT':
      return 'its folder does not exist'
    default:
      return errorText(error)
  }
}
