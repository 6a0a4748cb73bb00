/**
 * door-keeper — decides who may connect to the encrypted sockets of a process: those whose public key is
 * allowed, and the holders of the server's own key file. Speaks ZAP (RFC 27) with libzmq, which asks for
 * each connection.
 */
import {Context, Reply} from 'zeromq'
import type {Log} from '../log/log.ts'
import {readKeyFile, splitEndpoint, z85} from './curve.ts'

const ZAP_ENDPOINT = 'inproc://zeromq.zap.01'

export interface DoorKeeper {
  /** for the sockets that it guards; `undefined` where no endpoint has a key file */
  readonly context: Context | undefined
  close(): void
}

/** @throws AmavisError AM_USAGE for a key file that cannot be used */
export async function guard(
  endpoints: readonly string[],
  allowedKeys: readonly string[],
  log: Log,
): Promise<DoorKeeper> {
  const files = endpoints.flatMap(endpoint => splitEndpoint(endpoint).keyFile ?? [])
  if (files.length === 0) return {context: undefined, close() {}}
  const allowed = new Set([...allowedKeys, ...files.map(file => readKeyFile(file).publicKey)])
  const context = new Context()
  const socket = new Reply({context, linger: 0})
  await socket.bind(ZAP_ENDPOINT)
  void answer(socket, allowed, log)
  return {context, close: () => socket.close()}
}

/** Ends when the socket is closed. */
async function answer(socket: Reply, allowed: ReadonlySet<string>, log: Log): Promise<void> {
  for await (const [version, id, , address, , mechanism, credentials] of socket) {
    const key = z85(credentials ?? Buffer.alloc(0))
    const isAllowed = mechanism?.toString('latin1') === 'CURVE' && allowed.has(key)
    if (!isAllowed) {
      const from = (address?.toString('latin1') ?? '').replace(/[^\w.:]/g, '?').slice(0, 60)
      log.write(0, `refused ${from}: its key ${key} is not in @bus_allowed_keys`)
    }
    const [status, text] = isAllowed ? ['200', 'OK'] : ['400', 'key not allowed']
    await socket.send([version ?? '1.0', id ?? '', status!, text!, '', '']).catch(() => {})
  }
}
