/**
 * harness — a real SMTP session on loopback, with a filter that remembers.
 */
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type {State} from '../../../src/bus/publisher.ts'
import {silentPublisher} from '../../../src/bus/publisher.ts'
import type {Settings} from '../../../src/config/settings.ts'
import type {Box, Snapshot} from '../../../src/config/snapshot.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {settingsOf} from '../../../src/config/view.ts'
import type {Log} from '../../../src/log/log.ts'
import {readAll} from '../../../src/message/octets.ts'
import type {Converse, SessionEnd} from '../../../src/session/conversation.ts'
import {Pressure} from '../../../src/session/pressure.ts'
import {serveSmtp} from '../../../src/session/smtp/session.ts'
import {Spool} from '../../../src/session/spool.ts'
import {TaskIds} from '../../../src/session/task-ids.ts'
import type {Filter, Outcome, Transaction} from '../../../src/session/transaction.ts'

type Values = Readonly<Record<string, Scalar | readonly Scalar[] | ReadonlyMap<string, Scalar>>>

const DEFAULTS: Values = {
  $smtpd_greeting_banner: `$\{helo-name} $\{protocol} $\{product} service ready`,
  $smtpd_quit_banner: `$\{helo-name} $\{product} closing transmission channel`,
  $myhostname: 'filter.example.com',
  $smtpd_timeout: 480,
  $smtpd_recipient_limit: 1100,
  $smtpd_message_size_limit: undefined,
  '@message_size_limit_maps': [],
  $enforce_smtpd_message_size_limit_64kb_min: 1,
  $protocol: undefined,
  '@smtpd_discard_ehlo_keywords': [],
  '@inet_acl': ['127.0.0.1', '[::1]'],
  '%interface_policy': new Map(),
  $prepend_header_fields_hdridx: 0,
  $smtpd_busy_timeout: 10,
  '@auth_mech_avail': [],
  $auth_required_inp: undefined,
  '%smtpd_auth_users': new Map(),
  $tls_security_level_in: undefined,
  '%smtpd_tls_server_options': new Map(),
  $smtpd_tls_cert_file: undefined,
  $smtpd_tls_key_file: undefined,
}

function boxOf(value: Values[string]): Box {
  if (value instanceof Map) return {kind: 'hash', entries: new Map(value)}
  if (Array.isArray(value)) return {kind: 'array', items: [...value]}
  return {kind: 'scalar', value: value as Scalar}
}

/** Settings from plain tables: variables by name with sigil, banks by name with keys without. */
export function settingsFrom(values: Values = {}, banks: Readonly<Record<string, Values>> = {}): Settings {
  const variables = new Map<string, Box>()
  for (const [name, value] of Object.entries({...DEFAULTS, ...values})) variables.set(name, boxOf(value))
  const base = new Map<string, Scalar>()
  for (const [name, to] of variables) base.set(name.slice(1), {kind: 'ref', to})
  const reference = (entries: Map<string, Scalar>): Scalar => ({kind: 'ref', to: {kind: 'hash', entries}})
  const policyBank = new Map<string, Scalar>([['', reference(base)]])
  for (const [name, bank] of Object.entries(banks)) {
    const entries = Object.entries(bank).map(([key, value]): [string, Scalar] => {
      const box = boxOf(value)
      return [key, box.kind === 'scalar' ? box.value : {kind: 'ref', to: box}]
    })
    policyBank.set(name, reference(new Map(entries)))
  }
  variables.set('%policy_bank', {kind: 'hash', entries: policyBank})
  const snapshot: Snapshot = {variables, files: []}
  return settingsOf(snapshot)
}

export interface Received extends Transaction {
  /** all octets, read while the mail was there */
  readonly content: Buffer
}

export interface Server {
  readonly port: number
  readonly mails: Received[]
  readonly states: [State, string | undefined][]
  readonly logged: [number, string][]
  readonly ends: SessionEnd[]
  /** the folder that stands for $TEMPBASE */
  readonly base: string
  readonly spool: Spool
  readonly stop: AbortController
  readonly pressure: Pressure
  close(): Promise<void>
}

export const OK: Outcome = {
  perRecipient: [],
  reply: {code: 250, enhanced: '2.0.0', text: 'from MTA(smtp:[127.0.0.1]:20020): 250 2.0.0 Ok: queued as Q7'},
}

export interface ServerOptions {
  readonly settings?: Values
  readonly filter?: Filter
  readonly clock?: () => number
  /** is told each entry of a mail's log before it is kept, and may throw */
  readonly onEntry?: (text: string) => void
  /** who speaks; SMTP where nobody is named */
  readonly converse?: Converse
}

export async function startServer({
  settings = {},
  filter = async () => OK,
  clock,
  onEntry = () => {},
  converse = serveSmtp,
}: ServerOptions = {}): Promise<Server> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'amavis-session-'))
  const mails: Received[] = []
  const states: Server['states'] = []
  const logged: Server['logged'] = []
  const ends: SessionEnd[] = []
  const stop = new AbortController()
  const pressure = new Pressure()
  const log: Log = {
    enabled: () => true,
    write: (level, text) => void logged.push([level, text]),
    forTask: id => ({
      ...log,
      write(level, text) {
        onEntry(text)
        logged.push([level, `(${id}) ${text}`])
      },
    }),
  }
  const spool = new Spool({base, log})
  const taskIds = new TaskIds(4711)
  const sockets = new Set<net.Socket>()
  const server = net.createServer({pauseOnConnect: true}, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const {localPort} = socket
    void converse(socket, {
      settings: settingsFrom(settings),
      listener: {address: '127.0.0.1', port: localPort, path: undefined},
      release: async () => ({kind: 'failed', reason: 'nothing is kept here'}),
      filter: async mail => {
        mails.push({...mail, content: await readAll(mail.octets)})
        return filter(mail)
      },
      publisher: {...silentPublisher, state: (state, taskId) => void states.push([state, taskId])},
      log,
      taskIds,
      spool,
      stop: stop.signal,
      pressure,
      ...(clock && {clock}),
    }).then(end => ends.push(end))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    mails,
    states,
    logged,
    ends,
    base,
    spool,
    stop,
    pressure,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await spool.close()
      await rm(base, {recursive: true, force: true})
    },
  }
}

/** A client that says exactly what it is told to, and waits for what it is told to wait for. */
export class Client {
  readonly socket: net.Socket
  #text = ''
  #wake = () => {}
  closed = false

  private constructor(port: number) {
    this.socket = net.connect({port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true})
    this.socket.on('data', chunk => {
      this.#text += chunk.toString('latin1')
      this.#wake()
    })
    this.socket.on('error', () => {})
    const ended = () => {
      this.closed = true
      this.#wake()
    }
    this.socket.on('end', ended)
    this.socket.on('close', ended)
  }

  /** Connected and greeted. */
  static async connect(port: number): Promise<Client> {
    const client = new Client(port)
    await client.reply()
    return client
  }

  /** The next whole reply; '' when the connection ends instead. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#text)
      if (match) {
        this.#text = this.#text.slice(match[0].length)
        return match[0].trimEnd()
      }
      if (this.closed) return ''
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async replies(n: number): Promise<string[]> {
    const all: string[] = []
    for (let i = 0; i < n; i++) all.push(await this.reply())
    return all
  }

  send(octets: string | Buffer): void {
    this.socket.write(octets as Buffer, 'latin1' as never)
  }

  async ask(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`, 'latin1')
    return await this.reply()
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<string> {
    while (!this.closed) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#text
  }

  /** MAIL, RCPT, DATA up to 354. */
  async openData(): Promise<void> {
    this.send('MAIL FROM:<s@example.org>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n')
    const answers = await this.replies(3)
    if (!answers[2]?.startsWith('354')) throw new Error(answers.join('\n'))
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Wait until something is so. */
export async function until(claim: () => boolean): Promise<void> {
  while (!claim()) await new Promise(resolve => setTimeout(resolve, 1))
}
