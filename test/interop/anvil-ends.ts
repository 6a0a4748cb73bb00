/** anvil-ends — what stands around a counting server in a test: who asks two of them at once, and who refuses passwords. */
import {chmodSync} from 'node:fs'
import net from 'node:net'
import type {TestContext} from 'node:test'

/** A server of Dovecot's protocol for smtpd to ask, which knows nobody. */
export async function startAuthServer(t: TestContext, socketPath: string): Promise<void> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write('VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n')
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const [, id] of text.matchAll(/^AUTH\t(\d+)\t/gm)) socket.write(`FAIL\t${id}\tuser=u\n`)
    })
  })
  await new Promise<void>(resolve => server.listen(socketPath, resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
}

export interface TwoServers {
  /** requests that both have answered */
  readonly answers: number
  /** answers that were not the same, with the request */
  readonly differences: readonly (readonly [request: string, ours: string, theirs: string])[]
  /** What has come has been answered, and who has gone has gone from both. */
  settled(): Promise<void>
}

/** Listen on a path, and ask two servers everything in the same order; the client gets the answers of ours. */
export async function twoServers(
  t: TestContext,
  socketPath: string,
  {ours, theirs}: {readonly ours: string; readonly theirs: string},
): Promise<TwoServers> {
  let line: Promise<void> = Promise.resolve()
  let answers = 0
  const differences: [string, string, string][] = []
  const open = new Set<net.Socket>()
  const server = net.createServer(client => {
    open.add(client)
    client.on('error', () => {})
    const ends = [new End(ours), new End(theirs)] as const
    const both = () => Promise.all([ends[0].list(), ends[1].list()])
    const compare = async (request: string) => {
      const [mine, original] = await both()
      const known = mine.replace(/tlstr=\d+\n/, '')
      if (known !== original) differences.push([request, known, original])
      client.write(mine, 'latin1')
    }
    line = line.then(() => compare('(connected)'))
    let held = ''
    client.setEncoding('latin1').on('data', (text: string) => {
      held += text
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        const request = held.slice(0, end + 2)
        held = held.slice(end + 2)
        line = line.then(async () => {
          for (const {socket} of ends) socket.write(request, 'latin1')
          await compare(request)
          answers++
        })
      }
    })
    client.on('close', () => {
      open.delete(client)
      line = line.then(async () => {
        await Promise.all(ends.map(end => end.close()))
      })
    })
  })
  await new Promise<void>(resolve => server.listen(socketPath, resolve))

  chmodSync(socketPath, 0o666)
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return {
    get answers() {
      return answers
    },
    differences,
    async settled() {
      for (let seen: Promise<void> | undefined; seen !== line; ) {
        seen = line
        await seen
      }
    },
  }
}

/** One server's end, answers list by list. */
class End {
  readonly socket: net.Socket
  #text = ''
  #waiting: (() => void) | undefined

  constructor(socketPath: string) {
    this.socket = net.connect(socketPath)
    this.socket.on('error', () => {})
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text
      this.#waiting?.()
    })
    this.socket.on('close', () => this.#waiting?.())
  }

  /** The next list of attributes; what there is of it when the server goes away. */
  async list(): Promise<string> {
    while (!this.#text.includes('\n\n') && !this.socket.destroyed) {
      await new Promise<void>(resolve => {
        this.#waiting = resolve
      })
    }
    const end = this.#text.indexOf('\n\n')
    const list = end < 0 ? this.#text : this.#text.slice(0, end + 2)
    this.#text = this.#text.slice(list.length)
    return list
  }

  /** Resolves when the server has taken note. */
  close(): Promise<void> {
    return new Promise(resolve => {
      if (this.socket.destroyed) return resolve()
      this.socket.once('close', () => resolve())
      this.socket.end()
    })
  }
}
