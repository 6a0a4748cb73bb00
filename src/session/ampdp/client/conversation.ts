/**
 * conversation — the client's side of AM.PDP: requests out, one after the other, a response to each.
 */
import net from 'node:net'
import {AmavisError, errorText} from '../../../errors.ts'
import {AttributeReader, type Attributes, attributeLine} from '../attributes.ts'

/** Attributes in the order they are sent. */
export type Request = readonly (readonly [name: string, value: string])[]

/** A path, or `host:port`. */
export type Endpoint = string

export interface Conversation {
  /** @throws AmavisError AM_PROTOCOL when the daemon goes away, AM_TIMEOUT when it does not answer */
  ask(request: Request): Promise<Attributes>
  close(): void
}

/** One connection. */
interface Connection extends Conversation {
  readonly isOpen: boolean
}

/** A mail may take as long as `$child_timeout` says; then it is over. */
const ANSWER_LIMIT_MS = 600_000

/** @throws AmavisError AM_DAEMON when nobody is there */
export async function converse(endpoint: Endpoint, limitMs = ANSWER_LIMIT_MS): Promise<Connection> {
  const socket = await connect(endpoint)
  const reader = new AttributeReader()
  const waiting: {resolve: (response: Attributes) => void; reject: (error: Error) => void}[] = []
  let isOpen = true
  const fail = (error: Error) => {
    isOpen = false
    for (const one of waiting.splice(0)) one.reject(error)
  }
  socket.setTimeout(limitMs, () => {
    fail(new AmavisError('AM_TIMEOUT', `${endpoint} does not answer`))
    socket.destroy()
  })
  socket.on('error', error => fail(new AmavisError('AM_PROTOCOL', `${endpoint}: ${errorText(error)}`)))
  socket.on('end', () => (isOpen = false))
  socket.on('close', () => fail(new AmavisError('AM_PROTOCOL', `${endpoint} closed the connection`)))
  socket.on('data', chunk => {
    for (const response of reader.push(chunk)) {
      if (response.kind === 'request') waiting.shift()?.resolve(response.attributes)
      else fail(new AmavisError('AM_PROTOCOL', `${endpoint}: the response is too long`))
    }
  })
  return {
    ask: request =>
      new Promise((resolve, reject) => {
        waiting.push({resolve, reject})
        const lines = request.map(([name, value]) => attributeLine(name, value)).join('')
        socket.write(`${lines}\r\n`, 'latin1')
        if (socket.destroyed) fail(new AmavisError('AM_PROTOCOL', `${endpoint} closed the connection`))
      }),
    close: () => socket.end(),
    get isOpen() {
      return isOpen
    },
  }
}

/**
 * For many requests: a connection that the daemon ends between two of them, as a restart does, is followed by another.
 * One that ends before it answers is asked again, once: rather a mail twice than the rest of them not at all.
 */
export function converseSteadily(endpoint: Endpoint, limitMs = ANSWER_LIMIT_MS): Conversation {
  let connection: Connection | undefined
  const answer = async (request: Request): Promise<Attributes> => {
    connection ??= await converse(endpoint, limitMs)
    return await connection.ask(request)
  }
  const leave = () => {
    connection?.close()
    connection = undefined
  }
  return {
    async ask(request) {
      if (connection && !connection.isOpen) leave()
      const isFirst = connection === undefined
      try {
        return await answer(request)
      } catch (error) {
        if (isFirst || !(error instanceof AmavisError) || error.code !== 'AM_PROTOCOL') throw error
        leave()
        return await answer(request)
      }
    },
    close: leave,
  }
}

function connect(endpoint: Endpoint): Promise<net.Socket> {
  const [, host, port] = /^(?!\/)\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? []
  return new Promise((resolve, reject) => {
    const socket =
      host === undefined
        ? net.connect(endpoint)
        : net.connect({host: host || '127.0.0.1', port: Number(port)})
    socket.once('error', error =>
      reject(
        new AmavisError('AM_DAEMON', `cannot connect to ${endpoint}: ${errorText(error)}`, {cause: error}),
      ),
    )
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
