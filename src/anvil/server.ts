/**
 * server — connections of smtpd processes to a store of clients.
 *
 * Each connection is by itself: half a request keeps nobody waiting but its sender, and who reads no answers is not
 * read from. Connections beyond the limit are closed, which an smtpd takes for "no limit".
 */
import net from 'node:net'
import type {Log} from '../log/log.ts'
import type {Peaks} from './peaks.ts'
import type {ClientStore} from './store.ts'
import {ANNOUNCEMENT, type Answer, AnvilStream} from './stream.ts'

/** What a running server can be told anew. */
export interface AnvilRules {
  /** speak first */
  readonly announce: boolean
  readonly connectionLimit: number
  /** ms for a request that has begun */
  readonly requestTimeoutMs: number
}

export interface AnvilServer {
  rules: AnvilRules
  /** connections that are open */
  readonly connections: number
  /**
   * Listens on a path, with the kernel's longest queue; on several at once.
   * @param announces speak first there whatever the rules
   */
  listen(path: string, announces?: boolean): Promise<void>
  /** Take no more connections and end those there are; each disconnects what it owned. */
  close(): void
}

/** Answers that a client does not fetch. */
const MOST_UNREAD = 64 * 1024
/** More than any kernel takes; the kernel lowers it. */
const BACKLOG = 65_535

export function createAnvilServer(
  store: ClientStore,
  peaks: Peaks,
  initial: AnvilRules,
  {log, asked}: {readonly log: Log; readonly asked?: (request: string) => void},
): AnvilServer {
  const open = new Set<net.Socket>()
  let isFull = false
  const servers: net.Server[] = []
  const serve = (socket: net.Socket, announces: boolean) => {
    socket.on('error', () => socket.destroy())
    if (open.size >= self.rules.connectionLimit) {
      if (!isFull) log.write(-1, `warning: ${open.size} connections are open, further ones are closed`)
      isFull = true
      socket.destroy()
      return
    }
    isFull = false
    open.add(socket)
    socket.setEncoding('latin1')
    if (announces || self.rules.announce) socket.write(ANNOUNCEMENT)
    let deadline: NodeJS.Timeout | undefined
    const late = () => {
      log.write(-1, 'warning: timeout in the middle of a request on anvil socket')
      socket.destroy()
    }
    const say = ({reply, close, warnings}: Answer) => {
      for (const warning of warnings) log.write(-1, `warning: ${warning}`)
      if (reply !== '') socket.write(reply, 'latin1')
      if (close) {
        socket.end()
        socket.destroySoon()
        return
      }
      if (!stream.isInside) {
        clearTimeout(deadline)
        deadline = undefined
      } else deadline ??= setTimeout(late, self.rules.requestTimeoutMs)
      if (stream.isBusy || socket.writableLength > MOST_UNREAD) socket.pause()
      else socket.resume()
    }
    const stream = new AnvilStream(store, peaks, {asked, later: say})
    socket.on('data', (octets: string) => say(stream.receive(octets)))
    socket.on('drain', () => {
      if (!stream.isBusy) socket.resume()
    })
    socket.once('close', () => {
      clearTimeout(deadline)
      open.delete(socket)
      stream.end()
    })
  }
  const self: AnvilServer = {
    rules: initial,
    get connections() {
      return open.size
    },
    listen(path, announces = false) {
      const server = net.createServer(socket => serve(socket, announces))
      servers.push(server)
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({path, backlog: BACKLOG}, () => {
          server.off('error', reject)
          server.on('error', () => {})
          resolve()
        })
      })
    },
    close() {
      for (const server of servers) server.close()
      for (const socket of open) socket.destroy()
    },
  }
  return self
}
