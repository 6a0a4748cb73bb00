/**
 * helper-session — a connection to the SpamAssassin helper of this generation, and the process there that serves
 * it (helpers/amavis-sa.pl).
 *
 * That process is asked for one mail at a time. At the deadline it is killed with its whole group: SpamAssassin
 * may have programs of others under it.
 */
import {existsSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {setTimeout as elapsed} from 'node:timers/promises'
import {errorText} from '../../../errors.ts'
import {FrameReader, frame} from '../frames.ts'

/** Name and value; several may have one name. */
export type Pairs = readonly (readonly [name: string, value: string | Buffer])[]

export type HelperAnswer =
  | {readonly kind: 'result'; readonly values: ReadonlyMap<string, string>}
  | {readonly kind: 'failed'; readonly reason: string}

const LARGEST_ANSWER = 16 * 1024 * 1024
const RETRY_MS = 50

export interface OpenOptions {
  /** ms until an answer has to be there */
  readonly timeoutMs: number
  /** ms to wait for a helper that is only being started; it listens before it loads its rules */
  readonly patienceMs: number
}

/** @throws Error when there is no helper */
export async function openHelper(socketPath: string, options: OpenOptions): Promise<HelperSession> {
  const end = performance.now() + Math.min(options.timeoutMs, options.patienceMs)
  for (;;) {
    const attempt = await connect(socketPath)
    if (attempt instanceof net.Socket) return new HelperSession(attempt)
    // The daemon takes the folder away when it gives the helper up.
    if (!existsSync(path.dirname(socketPath))) throw new Error('there is no SpamAssassin helper')
    if (performance.now() + RETRY_MS > end)
      throw new Error(`the SpamAssassin helper does not answer: ${errorText(attempt)}`)
    await elapsed(RETRY_MS)
  }
}

function connect(socketPath: string): Promise<net.Socket | Error> {
  return new Promise(resolve => {
    const socket = net.connect({path: socketPath})
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.off('error', resolve)
      resolve(socket)
    })
  })
}

export class HelperSession {
  readonly #socket: net.Socket
  readonly #reader = new FrameReader(LARGEST_ANSWER)
  #pid: number | undefined
  #ended = false
  #onLog: (level: number, text: string) => void = () => {}
  #onAnswer: (answer: HelperAnswer) => void = () => {}

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('error', error => this.#end(errorText(error)))
    socket.on('close', () => this.#end('the SpamAssassin helper ended in the middle of a scan'))
  }

  /** It cannot be asked any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Keeps the process from ending only while a mail is in hand. */
  async scan(
    request: Pairs,
    timeoutMs: number,
    onLog: (level: number, text: string) => void,
  ): Promise<HelperAnswer> {
    if (this.#ended) return {kind: 'failed', reason: 'the SpamAssassin helper is gone'}
    this.#socket.ref()
    this.#onLog = onLog
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<HelperAnswer>(resolve => {
        this.#onAnswer = resolve
        timer = setTimeout(() => {
          resolve({kind: 'failed', reason: 'SA failed: timed out'})
          this.kill()
        }, timeoutMs)
        this.#socket.write(frame(['scan', ...request.flat()]))
      })
    } finally {
      clearTimeout(timer)
      this.#onAnswer = () => {}
      this.#socket.unref()
    }
  }

  #hear(chunk: Buffer): void {
    try {
      for (const strings of this.#reader.push(chunk)) this.#take(strings)
    } catch (error) {
      this.#end(`the SpamAssassin helper is not understood: ${errorText(error)}`)
    }
  }

  #take([kind, ...values]: readonly Buffer[]): void {
    const texts = values.map(String)
    switch (kind?.toString()) {
      case 'hello':
        this.#pid = Number(texts[0])
        break
      case 'log':
        this.#onLog(Number(texts[0]), texts[1] ?? '')
        break
      case 'result':
        this.#onAnswer({kind: 'result', values: mapOf(texts)})
        break
      case 'failed':
        this.#onAnswer({kind: 'failed', reason: `SA failed: ${texts[0]}`})
        break
    }
  }

  #end(reason: string): void {
    this.#ended = true
    this.#socket.destroy()
    this.#onAnswer({kind: 'failed', reason})
  }

  /** End the process there, whatever it does. */
  kill(): void {
    if (!this.#ended && this.#pid !== undefined && this.#pid > 1) {
      try {
        process.kill(-this.#pid, 'SIGKILL')
      } catch {
        // it has ended by itself
      }
    }
    this.#end('killed')
  }

  /** Let it end. */
  close(): void {
    this.#end('closed')
  }
}

function mapOf(texts: readonly string[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (let i = 0; i + 1 < texts.length; i += 2) map.set(texts[i]!, texts[i + 1]!)
  return map
}
