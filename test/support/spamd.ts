/** spamd — a spam scanner that has one opinion of every mail. */
import {once} from 'node:events'
import net from 'node:net'
import type {TestContext} from 'node:test'

/**
 * Listen on loopback; ends with the test.
 * @param status the body of X-Spam-Status
 * @param score its points, in one decimal
 * @returns the port
 */
export async function startSpamd(t: TestContext, status: string, score: string): Promise<number> {
  const body = `X-Spam-Status: ${status}\r\n\r\n`
  const server = net.createServer({allowHalfOpen: true}, socket => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const length = Number(/Content-length: (\d+)/.exec(text)?.[1])
      const end = text.indexOf('\r\n\r\n')
      if (end < 0 || text.length < end + 4 + length) return
      socket.end(
        `SPAMD/1.1 0 EX_OK\r\nContent-length: ${body.length}\r\nSpam: False ; ${score} / 5.0\r\n\r\n${body}`,
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as net.AddressInfo).port
}
