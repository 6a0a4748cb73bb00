/** conversation — an MTA's side of the milter protocol, on a real socket to a real session of ours. */
import net from 'node:net'
import {serveMilter} from '../../../src/session/milter/session.ts'
import {type Server, type ServerOptions, startServer} from '../smtp/harness.ts'

const OWED_LIMIT_MS = 10_000

export interface Said {
  /** command characters of the replies, in order */
  readonly replies: string
  /** their data */
  readonly data: readonly Buffer[]
  /** whether we ended it */
  readonly closed: boolean
}

export const startMilter = (options: ServerOptions = {}): Promise<Server> =>
  startServer({...options, converse: serveMilter})

/**
 * Say all of it at once, or in pieces, and hear what comes.
 * @param quietMs what is not said then is not said
 * @param owed replies that are waited for however busy the machine is, up to a limit
 */
export async function converse(
  port: number,
  octets: readonly Buffer[],
  quietMs = 150,
  owed = 0,
): Promise<Said> {
  const socket = net.connect(port, '127.0.0.1')
  let heard = Buffer.alloc(0)
  let closed = false
  let quiet: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    const wait = () => {
      clearTimeout(quiet)
      quiet = setTimeout(resolve, framesOf(heard).length < owed ? OWED_LIMIT_MS : quietMs)
    }
    socket.on('data', chunk => {
      heard = Buffer.concat([heard, chunk])
      wait()
    })
    socket.on('close', () => {
      closed = true
      clearTimeout(quiet)
      resolve()
    })
    socket.on('error', () => {})
    socket.on('connect', () => {
      for (const piece of octets) socket.write(piece)
      wait()
    })
  })
  await over
  socket.destroy()
  const frames = framesOf(heard)
  return {
    replies: frames.map(({command}) => command).join(''),
    data: frames.map(({data}) => data),
    closed,
  }
}

/** Those that have come whole. */
function framesOf(heard: Buffer): readonly {readonly command: string; readonly data: Buffer}[] {
  const frames = []
  for (let at = 0; at + 5 <= heard.length; ) {
    const end = at + 4 + heard.readUInt32BE(at)
    if (end > heard.length) break
    frames.push({command: String.fromCharCode(heard[at + 4]!), data: heard.subarray(at + 5, end)})
    at = end
  }
  return frames
}
