/** smtp-client — one SMTP conversation, a line at a time, with STARTTLS. */
import net from 'node:net'
import tls from 'node:tls'

export class SmtpClient {
  greeting = ''
  #socket: net.Socket
  #text = ''
  #waiting: ((reply: string) => void) | undefined
  #isClosed = false

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.#listen()
  }

  static async connect(port: number): Promise<SmtpClient> {
    const client = new SmtpClient(net.connect(port, '127.0.0.1'))
    client.greeting = await client.#reply()
    return client
  }

  /** @returns the reply, its lines by \n; `closed` when there is none */
  say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`)
    return this.#reply()
  }

  /** After the 220 to STARTTLS; whose certificate it is does not matter. */
  async startTls(): Promise<void> {
    this.#socket.removeAllListeners('data')
    const socket = tls.connect({socket: this.#socket, rejectUnauthorized: false})
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    this.#socket = socket
    this.#listen()
  }

  /** By the word for it, without waiting for the answer. */
  end(): void {
    this.#socket.end('QUIT\r\n')
  }

  #listen(): void {
    this.#socket.on('data', chunk => {
      this.#text += chunk.toString('latin1')
      this.#take()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#take()
    })
  }

  #reply(): Promise<string> {
    return new Promise(resolve => {
      this.#waiting = resolve
      this.#take()
    })
  }

  #take(): void {
    if (!this.#waiting) return
    const [reply] = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#text) ?? []
    if (reply === undefined && !this.#isClosed) return
    const resolve = this.#waiting
    this.#waiting = undefined
    this.#text = this.#text.slice(reply?.length ?? 0)
    resolve(reply === undefined ? 'closed' : reply.replaceAll('\r', '').trimEnd())
  }
}
