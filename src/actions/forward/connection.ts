/**
 * connection — one SMTP connection to a next hop: connects, greets, sends, and waits for replies.
 *
 * Replies are gathered as they come; `replies(n)` resolves when there are so many. Every wait has a time
 * limit, but one timer serves all of them: it is set only when a wait ends before the timer would fire.
 * All failures are AmavisErrors: AM_TIMEOUT, or AM_PROTOCOL when the peer closed or made no sense.
 */
import net from 'node:net'
import {AmavisError, errorText} from '../../errors.ts'
import type {HopPolicy} from './hop-policy.ts'
import type {Target} from './method.ts'
import {type RemoteReply, ReplyReader} from './reply-reader.ts'

/** ms; spec/daemon, Session details */
export const TIMEOUTS = {
  connect: 35_000,
  command: 300_000,
  data: 120_000,
  transfer: 180_000,
  dot: 600_000,
  probe: 15_000,
  quit: 2_000,
} as const

export interface Dial {
  /** our name in EHLO */
  readonly heloName: string
  /** ms, monotonic */
  readonly now: () => number
}

/** The peer spoke, and refused to talk to us. */
export class Unwelcome extends Error {
  readonly reply: RemoteReply
  constructor(reply: RemoteReply) {
    super(reply.text)
    this.reply = reply
  }
}

/** Up to so many octets a copy costs less than a vector of pieces; so do many pieces. */
const JOINED_OCTETS = 64 * 1024
const JOINED_PIECES = 64

interface Wait {
  readonly count: number
  readonly until: number
  readonly resolve: (replies: RemoteReply[]) => void
  readonly reject: (error: Error) => void
}

export class Connection {
  readonly target: Target
  /** what it is kept under: its target and its policy */
  readonly key: string
  readonly openedAt: number
  usedAt: number
  /** a transaction was left in the middle: RSET comes before the next one */
  unfinished = false
  /** keywords of EHLO in upper case, with their arguments */
  extensions: ReadonlyMap<string, readonly string[]> = new Map()
  #socket: net.Socket
  readonly #now: () => number
  readonly #reader = new ReplyReader()
  #replies: RemoteReply[] = []
  #wait: Wait | undefined
  #drained: (() => void) | undefined
  #failure: AmavisError | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  private constructor(target: Target, {now}: Dial, {localAddress, key}: HopPolicy) {
    this.target = target
    this.key = target.label + key
    this.#now = now
    this.openedAt = this.usedAt = now()
    const {host, port, path} = target
    this.#socket = path
      ? net.connect({path})
      : net.connect({host: host!, port: port!, noDelay: true, ...(localAddress && {localAddress})})
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('data', chunk => this.#received(chunk as Buffer))
    this.#socket.on('drain', () => this.#drained?.())
    this.#socket.on('error', error =>
      this.#fail(new AmavisError('AM_PROTOCOL', errorText(error), {cause: error})),
    )
    this.#socket.on('end', () => this.#fail(new AmavisError('AM_PROTOCOL', 'connection closed by peer')))
    this.#socket.on('close', () => this.#fail(new AmavisError('AM_PROTOCOL', 'connection closed')))
  }

  /**
   * Connect and say EHLO (HELO where that is not known) or LHLO; encrypt and authenticate as the policy says.
   * @param ms how long all of it may take
   * @throws AmavisError, or Unwelcome with the reply that refused us
   */
  static async open(target: Target, dial: Dial, policy: HopPolicy, ms: number): Promise<Connection> {
    const connection = new Connection(target, dial, policy)
    const deadline = dial.now() + ms
    const left = (most: number) => Math.min(most, deadline - dial.now())
    try {
      await connection.#greet(dial.heloName, left)
      if (policy.tls !== undefined) await connection.#encrypt(policy, dial.heloName, left)
      if (policy.credentials !== undefined || policy.authRequired) {
        await connection.#authenticate(policy, left)
      }
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  async #greet(heloName: string, left: (most: number) => number): Promise<void> {
    const [connected, refused] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()]
    this.#socket.once('connect', connected.resolve)
    this.#socket.once('error', refused.reject)
    const timer = setTimeout(
      () => refused.reject(new AmavisError('AM_TIMEOUT', 'timed out')),
      Math.max(1, left(TIMEOUTS.connect)),
    )
    try {
      await Promise.race([connected.promise, refused.promise])
    } finally {
      clearTimeout(timer)
      this.#socket.off('error', refused.reject)
    }
    const greeting = await this.reply(left(TIMEOUTS.command))
    if (greeting.code !== 220) throw new Unwelcome(greeting)
    await this.#hello(heloName, left)
  }

  async #hello(heloName: string, left: (most: number) => number): Promise<void> {
    const isLmtp = this.target.protocol === 'lmtp'
    this.write(`${isLmtp ? 'LHLO' : 'EHLO'} ${heloName}\r\n`)
    let hello = await this.reply(left(TIMEOUTS.command))
    if (hello.code === 250) this.extensions = parseExtensions(hello.lines)
    else if (hello.code >= 500 && !isLmtp) {
      this.write(`HELO ${heloName}\r\n`)
      hello = await this.reply(left(TIMEOUTS.command))
    }
    if (hello.code !== 250) throw new Unwelcome(hello)
  }

  /** STARTTLS where it is offered, and as if we had just met after it. */
  async #encrypt(policy: HopPolicy, heloName: string, left: (most: number) => number): Promise<void> {
    if (!this.extensions.has('STARTTLS')) {
      if (policy.tls === 'encrypt') throw new AmavisError('AM_PROTOCOL', 'it does not offer STARTTLS')
      return
    }
    this.write('STARTTLS\r\n')
    const answer = await this.reply(left(TIMEOUTS.command))
    if (answer.code !== 220) {
      if (policy.tls === 'encrypt') throw new Unwelcome(answer)
      return
    }
    // Whoever speaks between its answer and the handshake is somebody else.
    if (this.spoken) throw new AmavisError('AM_PROTOCOL', 'it spoke before the TLS handshake')
    const {encrypted} = await import('./security.ts')
    this.#socket.removeAllListeners()
    this.#socket = await encrypted(this.#socket, policy, this.target, left(TIMEOUTS.command))
    this.#listen()
    this.extensions = new Map()
    await this.#hello(heloName, left)
  }

  async #authenticate(policy: HopPolicy, left: (most: number) => number): Promise<void> {
    const {authDialogue, isPrivate} = await import('./security.ts')
    const mechanisms = this.extensions.get('AUTH') ?? []
    const dialogue = authDialogue(policy, mechanisms, isPrivate(this.#socket, this.target))
    if ('problem' in dialogue) {
      if (policy.authRequired) throw new AmavisError('AM_PROTOCOL', `AUTH: ${dialogue.problem}`)
      return
    }
    for (const [line, code] of dialogue) {
      this.write(`${line}\r\n`)
      const answer = await this.reply(left(TIMEOUTS.command))
      if (answer.code === code) continue
      // Whatever it says: our credentials are not the client's fault.
      throw new AmavisError('AM_PROTOCOL', `AUTH: ${answer.text}`)
    }
  }

  get usable(): boolean {
    // A reply that nobody asked for is a 421: it is about to close.
    return this.#failure === undefined && this.#replies.length === 0
  }

  /** Why the connection is of no use any more. */
  get failure(): AmavisError | undefined {
    return this.#failure
  }

  /** Whether the peer has said something that nobody waits for yet. */
  get spoken(): boolean {
    return this.#replies.length > 0
  }

  write(text: string, encoding: 'latin1' | 'utf8' = 'latin1'): void {
    if (!this.#failure) this.#socket.write(text, encoding)
  }

  /** Send these and `end` after them, in as few packets as possible. @returns false: wait for `drained` */
  writeAll(pieces: readonly Buffer[], end = ''): boolean {
    if (this.#failure) return true
    let octets = end.length
    for (const piece of pieces) octets += piece.length
    if (octets <= JOINED_OCTETS || pieces.length > JOINED_PIECES) {
      return this.#socket.write(Buffer.concat([...pieces, Buffer.from(end, 'latin1')], octets))
    }
    this.#socket.cork()
    let ready = true
    for (const piece of pieces) ready = this.#socket.write(piece)
    if (end !== '') ready = this.#socket.write(end, 'latin1')
    this.#socket.uncork()
    return ready
  }

  /** Until the peer has taken enough, has spoken, or the connection has failed. */
  async drained(ms: number): Promise<void> {
    if (this.#failure || this.spoken || !this.#socket.writableNeedDrain) return
    const {promise, resolve} = Promise.withResolvers<void>()
    this.#drained = resolve
    const timer = setTimeout(() => {
      this.#fail(new AmavisError('AM_TIMEOUT', 'timed out'))
    }, ms)
    await promise
    clearTimeout(timer)
    this.#drained = undefined
  }

  async reply(ms: number): Promise<RemoteReply> {
    return (await this.replies(1, ms))[0]!
  }

  /**
   * The next `count` replies in order. A peer that says 421 and closes has answered all of them.
   * @throws AmavisError
   */
  replies(count: number, ms: number): Promise<RemoteReply[]> {
    if (this.#replies.length >= count) return Promise.resolve(this.#replies.splice(0, count))
    return new Promise((resolve, reject) => {
      this.#wait = {count, until: this.#now() + Math.max(1, ms), resolve, reject}
      if (this.#failure) this.#giveUp(this.#failure)
      else this.#arm()
    })
  }

  #received(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, this.#replies)
    } catch (error) {
      this.#fail(error as AmavisError)
      return
    }
    const wait = this.#wait
    if (wait && this.#replies.length >= wait.count) {
      this.#wait = undefined
      wait.resolve(this.#replies.splice(0, wait.count))
    }
    this.#drained?.()
  }

  #fail(error: AmavisError): void {
    if (this.#failure) return
    this.#failure = error
    this.#disarm()
    this.#socket.destroy()
    this.#giveUp(error)
    this.#drained?.()
  }

  #giveUp(error: AmavisError): void {
    const wait = this.#wait
    if (!wait) return
    this.#wait = undefined
    const last = this.#replies.at(-1)
    if (last?.code === 421) {
      while (this.#replies.length < wait.count) this.#replies.push(last)
      wait.resolve(this.#replies.splice(0, wait.count))
    } else wait.reject(error)
  }

  #arm(): void {
    const {until} = this.#wait!
    if (this.#timer && this.#timerAt <= until) return
    this.#disarm()
    this.#timerAt = until
    this.#timer = setTimeout(() => this.#ring(), Math.max(1, until - this.#now()))
    this.#timer.unref()
  }

  #ring(): void {
    this.#timer = undefined
    if (!this.#wait) return
    if (this.#now() >= this.#wait.until) this.#fail(new AmavisError('AM_TIMEOUT', 'timed out'))
    else this.#arm()
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  destroy(): void {
    this.#fail(new AmavisError('AM_PROTOCOL', 'connection closed by us'))
  }

  /**
   * Take leave; resolves when the peer has closed, or was given time to.
   * @param said whether QUIT is on its way already
   */
  async quit(said = false): Promise<void> {
    if (this.#failure) return
    this.#disarm()
    const {promise, resolve} = Promise.withResolvers<void>()
    this.#socket.once('close', () => resolve())
    const timer = setTimeout(() => this.destroy(), TIMEOUTS.quit)
    this.#socket.end(said ? '' : 'QUIT\r\n')
    await promise
    clearTimeout(timer)
  }
}

function parseExtensions(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const extensions = new Map<string, readonly string[]>()
  for (const line of lines.slice(1)) {
    const [keyword = '', ...words] = line.trim().toUpperCase().split(/[ =]+/)
    extensions.set(keyword, words)
  }
  return extensions
}
