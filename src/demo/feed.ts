/**
 * feed — sends one mail over SMTP as a client would, at a chosen pace, and reads the answer.
 */
import {once} from 'node:events'
import net from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import type {DemoMail} from './mails.ts'

/** A mail for one recipient or several. */
export interface SentMail extends Pick<DemoMail, 'sender' | 'octets'> {
  readonly recipient: string | readonly string[]
}

/**
 * Send a mail over a connection of its own.
 * @param paceMs spread the data over this time, as a slow client does; 0: at once
 * @returns the reply to the final dot (`250 2.0.0 …`), or the refusal of an earlier command
 * @throws when the connection cannot be made or is closed before the answer
 */
export async function sendMail(port: number, mail: SentMail, paceMs = 0): Promise<string> {
  const socket = net.connect({port, host: '127.0.0.1', noDelay: true})
  await once(socket, 'connect')
  const replies = readReplies(socket)
  const say = async (line: string) => {
    socket.write(`${line}\r\n`)
    return await next(replies)
  }
  try {
    await next(replies)
    for (const line of [
      'EHLO client.example.net',
      `MAIL FROM:<${mail.sender}>`,
      ...[mail.recipient].flat().map(recipient => `RCPT TO:<${recipient}>`),
      'DATA',
    ]) {
      const reply = await say(line)
      if (!/^[23]/.test(reply)) return reply
    }
    const data = Buffer.from(mail.octets.toString('latin1').replace(/^\./gm, '..'), 'latin1')
    const steps = paceMs > 0 ? 8 : 1
    for (let i = 0; i < steps; i++) {
      const cut = (k: number) => Math.floor((data.length * k) / steps)
      socket.write(data.subarray(cut(i), cut(i + 1)))
      if (paceMs > 0) await sleep(paceMs / steps)
    }
    const answer = await say('.')
    socket.end('QUIT\r\n')
    return answer
  } finally {
    socket.destroySoon()
  }
}

async function next(replies: AsyncIterator<string>): Promise<string> {
  const {value, done} = await replies.next()
  if (done) throw new Error('the connection was closed before the answer')
  return value
}

/** Whole replies, continuation lines joined by a line feed. */
async function* readReplies(socket: net.Socket): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of socket) {
    text += chunk.toString('latin1')
    for (;;) {
      const match = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(text)
      if (!match) break
      text = text.slice(match[0].length)
      yield match[0].trimEnd().replaceAll('\r\n', '\n')
    }
  }
}
