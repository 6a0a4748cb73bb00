/**
 * mail-service — what a child does for a living: the session, the pipeline and the bus, put together.
 */
import type net from 'node:net'
import {type Publisher, silentPublisher} from '../bus/publisher.ts'
import {createPublisher} from '../bus/zmq-publisher.ts'
import type {Settings} from '../config/settings.ts'
import type {Log} from '../log/log.ts'
import type {Service} from './child.ts'
import type {SocketSpec} from './socket-spec.ts'

export interface MailService extends Service {
  /** An entry was written to the log; it goes to the bus, too. */
  logged(level: number, text: string): void
  /** what this child has loaded, for the start-up log */
  readonly loaded: readonly string[]
}

export async function createMailService({
  settings,
  log,
}: {
  settings: Settings
  log: Log
}): Promise<MailService> {
  const publisher: Publisher = settings.flag('$enable_zmq')
    ? createPublisher({endpoints: settings.list('@zmq_sockets').map(String), pid: process.pid, log})
    : silentPublisher
  publisher.state('-')
  let tasks = 0
  return {
    get tasks() {
      return tasks
    },
    loaded: [],
    logged: (level, text) => publisher.log(level, text),
    async serve(socket: net.Socket, _listener: SocketSpec) {
      publisher.state('A')
      tasks++
      await new Promise<void>(resolve => {
        socket.on('error', () => {})
        socket.once('close', () => resolve())
        socket.end('220 [127.0.0.1] ESMTP amavis service ready\r\n421 4.3.2 Service not available\r\n')
        socket.resume()
      })
      publisher.state('-')
    },
    finish: () => publisher.close(),
  }
}
