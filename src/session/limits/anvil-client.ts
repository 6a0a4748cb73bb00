/**
 * anvil-client — a child's one connection to the counting server, kept over its sessions (spec/anvil §1–3, §8).
 *
 * One request is under way at a time. Nobody waits long: a server that is away, silent or strange is taken to be
 * down after the first request that it fails, and no session waits for it again before it has answered a question
 * that this client asks by itself every now and then. A server that ended while it was not asked is connected to
 * anew by the next request.
 *
 * Diagnostics: says once that the server does not answer, and once that it does again.
 */
import net from 'node:net'
import type {Log} from '../../log/log.ts'

export type AnvilRequest = 'connect' | 'disconnect' | 'message' | 'recipient'

/** What a server has counted, as far as the request is answered with it. */
export interface Counted {
  /** connections that are open */
  readonly count: number
  /** events of the kind that was asked about */
  readonly rate: number
}

export interface AnvilClientOptions {
  readonly path: string
  readonly log: Log
  /** ms that a request may take, the connection included */
  readonly timeoutMs?: number
  /** ms until a server that is down is first tried again; then twice as long, up to ten times */
  readonly retryMs?: number
}

/** A counting server answers within a millisecond; one that is far behind is of no use. */
const TIMEOUT_MS = 1000
const RETRY_MS = 1000
const LONGEST_RETRY = 10
/** Octets of an answer; the longest there is has some 40. */
const LONGEST_ANSWER = 1024
const ANNOUNCED = 'protocol=anvil_protocol'

/** Asked about to see whether a server answers. */
const NOBODY = 'amavis'

interface Waiting {
  readonly octets: string
  readonly answer: (counted: Counted | undefined) => void
  readonly deadline: NodeJS.Timeout
}

export class AnvilClient {
  readonly #options: Required<AnvilClientOptions>
  #socket: net.Socket | undefined
  /** it has spoken, so it can be asked */
  #isReady = false
  #text = ''
  /** the first has been sent where one is under way */
  readonly #line: Waiting[] = []
  #isUnderWay = false
  /** it has failed and not answered since, or this client has said goodbye */
  #isDown = false
  #retryMs: number
  #retry: NodeJS.Timeout | undefined

  constructor({timeoutMs = TIMEOUT_MS, retryMs = RETRY_MS, ...options}: AnvilClientOptions) {
    this.#options = {...options, timeoutMs, retryMs}
    this.#retryMs = retryMs
  }

  /**
   * Tell of an event of a client.
   * @param ident who it is, latin1 without line ends
   * @returns what was counted; undefined where nobody has answered in time. Never fails.
   */
  ask(request: AnvilRequest, ident: string): Promise<Counted | undefined> {
    return this.#isDown ? Promise.resolve(undefined) : this.#put(request, ident)
  }

  #put(request: AnvilRequest | 'lookup', ident: string): Promise<Counted | undefined> {
    return new Promise(resolve => {
      const deadline = setTimeout(() => this.#failed('no answer in time'), this.#options.timeoutMs)
      this.#line.push({octets: `request=${request}\nident=${ident}\n\n`, answer: resolve, deadline})
      if (!this.#socket) this.#open()
      else this.#send()
    })
  }

  /** Say goodbye: what this connection has counted as open is over. */
  close(): void {
    clearTimeout(this.#retry)
    this.#isDown = true
    this.#drop()
  }

  #open(): void {
    const socket = net.connect({path: this.#options.path})
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#received(text))
    socket.on('error', error => this.#lost(socket, error.message))
    socket.on('close', () => this.#lost(socket, 'it has closed the connection'))
  }

  #send(): void {
    const [first] = this.#line
    if (!first || this.#isUnderWay || !this.#isReady) return
    this.#isUnderWay = true
    this.#socket?.write(first.octets, 'latin1')
  }

  #received(text: string): void {
    this.#text += text
    const end = this.#text.indexOf('\n\n')
    if (end < 0) {
      if (this.#text.length > LONGEST_ANSWER) this.#failed('its answer has no end')
      return
    }
    const list = this.#text.slice(0, end)
    const rest = this.#text.slice(end + 2)
    this.#text = ''
    if (rest !== '') this.#failed('it speaks without being asked')
    else if (this.#isReady) this.#answered(list)
    else if (list === ANNOUNCED) this.#announced()
    else this.#failed(`its protocol is not that of anvil: ${JSON.stringify(list.slice(0, 100))}`)
  }

  #announced(): void {
    this.#isReady = true
    this.#send()
  }

  #answered(list: string): void {
    const counted = countedOf(list)
    const done = this.#isUnderWay ? this.#line[0] : undefined
    if (!done) this.#failed('it speaks without being asked')
    else if (!counted) this.#failed(`it answers ${JSON.stringify(list.slice(0, 100))}`)
    else {
      if (this.#isDown) this.#isBack()
      this.#isUnderWay = false
      this.#line.shift()
      clearTimeout(done.deadline)
      done.answer(counted)
      this.#send()
    }
  }

  #isBack(): void {
    const {log, path, retryMs} = this.#options
    this.#isDown = false
    this.#retryMs = retryMs
    log.write(0, `anvil on ${path} answers again, clients are limited`)
  }

  #lost(socket: net.Socket, reason: string): void {
    if (socket !== this.#socket) return
    // ended while nobody asked: the next request finds the one that took its place
    if (this.#isReady && this.#line.length === 0) this.#drop()
    else this.#failed(reason)
  }

  /** Nobody waits for it any more. */
  #failed(reason: string): void {
    const {log, path} = this.#options
    if (!this.#isDown) {
      log.write(-1, `anvil on ${path} does not answer (${reason}), clients are not limited until it does`)
    }
    this.#isDown = true
    this.#drop()
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#put('lookup', NOBODY), this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY * this.#options.retryMs)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#isReady = false
    this.#isUnderWay = false
    this.#text = ''
    socket?.destroy()
    for (const {answer, deadline} of this.#line.splice(0)) {
      clearTimeout(deadline)
      answer(undefined)
    }
  }
}

/** Numbers of an answer; undefined where it says that the request has failed, or is none. */
function countedOf(list: string): Counted | undefined {
  const lines = list.split('\n')
  if (lines[0] !== 'status=0') return undefined
  const of = (name: string) => {
    const value = lines.find(line => line.startsWith(`${name}=`))?.slice(name.length + 1)
    return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : 0
  }
  return {count: of('count'), rate: of('rate')}
}
