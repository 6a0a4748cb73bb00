/**
 * control-socket — the Unix socket on which a running program takes commands: one JSON line each way.
 *
 * Mode 0600: whoever can connect is the program's user or root. A connection carries one command; its answer
 * comes when the command is done, so that who asks knows what became of it.
 */
import {rmSync} from 'node:fs'
import net from 'node:net'
import {AmavisError, errorText} from '../errors.ts'

const LONGEST_REQUEST = 64 * 1024
const REQUEST_LIMIT_MS = 10_000

/** The command could not be done; each problem for a person. */
export interface ControlFailure {
  readonly kind: 'failed'
  readonly problems: readonly string[]
}

export interface Control {
  close(): void
}

/**
 * Answer commands on a socket. A path left over by a dead master is replaced; the caller holds the pid file.
 * @throws AmavisError AM_DAEMON when the socket cannot be made
 */
export async function openControlSocket<Request, Reply>(
  path: string,
  answer: (request: Request) => Promise<Reply>,
): Promise<Control> {
  const server = net.createServer(socket => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    socket.setTimeout(REQUEST_LIMIT_MS, () => socket.destroy())
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end < 0 && text.length > LONGEST_REQUEST) socket.destroy()
      if (end < 0) return
      socket.removeAllListeners('data').resume()
      socket.setTimeout(0)
      void answerLine(text.slice(0, end), answer).then(reply => socket.end(`${JSON.stringify(reply)}\n`))
    })
  })
  try {
    rmSync(path, {force: true})
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // a path is bound before listen() returns, so no other file is made under this mask
      const mask = process.umask(0o177)
      server.listen({path}, resolve)
      process.umask(mask)
    })
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot make the control socket: ${errorText(error)}`, {cause: error})
  }
  return {close: () => void server.close()}
}

async function answerLine<Request, Reply>(
  line: string,
  answer: (request: Request) => Promise<Reply>,
): Promise<Reply | ControlFailure> {
  try {
    return await answer(JSON.parse(line) as Request)
  } catch (error) {
    return {kind: 'failed', problems: [errorText(error)]}
  }
}

/**
 * Ask a running program.
 * @returns its answer; undefined when nobody answers on that path
 */
export function askControlSocket<Request, Reply>(
  path: string,
  request: Request,
  {timeoutMs = 120_000} = {},
): Promise<Reply | ControlFailure | undefined> {
  return new Promise(resolve => {
    let text = ''
    const socket = net.connect({path})
    socket.setEncoding('utf8')
    socket.setTimeout(timeoutMs, () => socket.destroy())
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`))
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => {})
    socket.once('close', () => {
      try {
        resolve(JSON.parse(text) as Reply)
      } catch {
        resolve(undefined)
      }
    })
  })
}
