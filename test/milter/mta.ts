/** mta — one connection of an MTA that has us as its milter: says frames, waits for what it is owed. */
import {once} from 'node:events'
import net from 'node:net'
import {frame} from '../../src/session/milter/frames.ts'
import {until} from '../support/wait.ts'

export class Mta {
  readonly #socket: net.Socket
  #heard = Buffer.alloc(0)
  isClosed = false
  /** of the mails to come */
  sender = 'a@remote.test'
  recipients: readonly string[] = ['u@example.com']

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', chunk => (this.#heard = Buffer.concat([this.#heard, chunk])))
    socket.on('close', () => (this.isClosed = true))
    socket.on('error', () => {})
  }

  /** Connected to the kernel; whether anybody is there shows when it is greeted. */
  static async connect(port: number): Promise<Mta> {
    const socket = net.connect(port, '127.0.0.1')
    const mta = new Mta(socket)
    await once(socket, 'connect')
    // a test that fails leaves it open: the run is to end all the same
    socket.unref()
    return mta
  }

  /** Command characters of the replies so far. */
  get replies(): string {
    let text = ''
    for (let at = 0; at + 5 <= this.#heard.length; at += 4 + this.#heard.readUInt32BE(at))
      text += String.fromCharCode(this.#heard[at + 4]!)
    return text
  }

  /** Negotiate, with a reply to no event but the end of a mail, and say who connects. */
  async greet(): Promise<this> {
    this.offer()
    await until('the negotiation', () => this.replies.startsWith('O'))
    return this
  }

  offer(): void {
    const offer = Buffer.alloc(12)
    offer.writeUInt32BE(6, 0)
    offer.writeUInt32BE(0x1ff, 4)
    offer.writeUInt32BE(0x1fffff, 8)
    this.#say(
      frame('O', offer),
      frame('C', 'mx.remote.test\x004\x00\x19192.0.2.1\0'),
      frame('H', 'mx.remote.test\0'),
    )
  }

  /** @param fields of the header beside the Subject, each as name NUL value NUL */
  begin(subject = 'x', ...fields: readonly string[]): void {
    this.#say(
      frame('M', `<${this.sender}>\0`),
      ...this.recipients.map(address => frame('R', `<${address}>\0`)),
      frame('L', `Subject\0 ${subject}\0`),
      ...fields.map(field => frame('L', field)),
      frame('N'),
    )
  }

  /** End the mail that was begun; its verdict's command. */
  async end(): Promise<string> {
    const before = this.replies.length
    this.#say(frame('B', 'text\r\n'), frame('E'))
    await until('a verdict', () => /[carty d]/.test(this.replies.slice(before).at(-1) ?? '') || this.isClosed)
    return this.replies.at(-1)!
  }

  async mail(subject?: string, ...fields: readonly string[]): Promise<string> {
    this.begin(subject, ...fields)
    return await this.end()
  }

  async quit(): Promise<void> {
    this.#say(frame('Q'))
    await until('the connection to close', () => this.isClosed)
  }

  leave(): void {
    this.#socket.destroy()
  }

  #say(...frames: readonly Buffer[]): void {
    for (const octets of frames) this.#socket.write(octets)
  }
}
