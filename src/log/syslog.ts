/**
 * syslog — log entries to a syslog daemon: by logger(1) on this machine, or in datagrams over the network.
 *
 * Node has no Unix datagrams, so the daemon of this machine is reached through one logger(1) a process (and one more
 * for each ident that a policy bank has) on a pipe, which is told our pid. Over UDP an entry is as RFC 3164 has it.
 */
import {spawn} from 'node:child_process'
import type {Writable} from 'node:stream'
import {startProcess} from '../process/start-process.ts'
import {entryPieces, severity, timestamp} from './line.ts'
import {lostText, type Sink, type SyslogName} from './sinks.ts'

export interface SyslogOptions extends SyslogName {
  /** `$logline_maxlen` */
  readonly maxLength: number
  readonly pid?: number
  /** false: warnings have no (!) in front; their priority tells them */
  readonly marks?: boolean
}

export interface LoggerOptions extends SyslogOptions {
  /** the program and its arguments for an ident; given in tests */
  readonly command?: (ident: string) => readonly [string, ...string[]]
}

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'security', 'console', 'solaris-cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]

/** RFC 3164 §4.1.1. */
function priority(facility: string, level: number): number {
  return Math.max(0, FACILITIES.indexOf(facility)) * 8 + severity(level)
}

/** Octets that may wait for a logger(1); what comes beyond is lost. */
const PIPE_LIMIT_BYTES = 1024 * 1024
const RESTART_AFTER_MS = 5000
/** A syslog daemon that takes nothing more must not keep ours from ending. */
const CLOSE_LIMIT_MS = 2000
/** Banks with idents beyond these use the usual one. */
const MOST_IDENTS = 8

/** Through logger(1); one that ends is started again, at most every few seconds. */
export function syslogSink(options: LoggerOptions): Sink {
  const {ident, facility, maxLength, pid = process.pid, marks = true} = options
  const command =
    options.command ??
    ((tag: string) =>
      ['logger', `--id=${pid}`, `--tag=${tag}`, `--priority=${facility}.info`, '--prio-prefix'] as const)
  const loggers = new Map<string, Logger>()
  const loggerFor = (wanted: string): Logger => {
    const tag = loggers.has(wanted) || loggers.size < MOST_IDENTS ? wanted : ident
    let logger = loggers.get(tag)
    if (!logger) {
      logger = new Logger(command(tag))
      loggers.set(tag, logger)
    }
    return logger
  }
  let lost = 0
  return {
    write(level, taskId, text, name) {
      const own = loggerFor(ident)
      if (lost > 0 && own.put(`<${priority(facility, -1)}>(!)${lostText(lost)}`)) lost = 0
      const logger = name === undefined ? own : loggerFor(name.ident)
      const mark = `<${priority(name?.facility ?? facility, level)}>`
      for (const piece of entryPieces(marks ? level : 0, taskId, text, maxLength)) {
        if (!logger.put(mark + piece)) lost++
      }
    },
    async close() {
      await Promise.all(Array.from(loggers.values(), logger => logger.close()))
    },
  }
}

/** One logger(1) and the pipe to it. */
class Logger {
  readonly #command: readonly [string, ...string[]]
  #pipe: Writable | undefined
  #ended: Promise<void> = Promise.resolve()
  #kill = () => {}
  #startedAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(command: readonly [string, ...string[]]) {
    this.#command = command
  }

  /** Whether the line is on its way. */
  put(line: string): boolean {
    this.#pipe ??= this.#start()
    if (!this.#pipe || this.#pipe.writableLength > PIPE_LIMIT_BYTES) return false
    this.#pipe.write(`${line}\n`)
    return true
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#pipe?.end()
    const late = setTimeout(() => this.#kill(), CLOSE_LIMIT_MS)
    await this.#ended
    clearTimeout(late)
  }

  #start(): Writable | undefined {
    if (this.#closed || performance.now() - this.#startedAt < RESTART_AFTER_MS) return undefined
    this.#startedAt = performance.now()
    const [program, ...args] = this.#command
    const child = startProcess(() => spawn(program, args, {stdio: ['pipe', 'ignore', 'ignore']}))
    if (typeof child === 'string') return undefined
    child.unref()
    this.#kill = () => void child.kill('SIGKILL')
    const end = () => {
      if (this.#pipe === child.stdin) this.#pipe = undefined
    }
    this.#ended = new Promise(resolve => {
      child.once('error', () => resolve(end()))
      child.once('exit', () => resolve(end()))
    })
    child.stdin.on('error', end)
    // an idle log keeps no process alive; close() waits for what is still to be written
    if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
    return child.stdin
  }
}

export interface UdpSyslogOptions extends SyslogOptions {
  /** name of this machine in each line */
  readonly host: string
  readonly server: {readonly host: string; readonly port: number}
  readonly now?: () => number
}

/** Datagrams that may wait to be sent. */
const MOST_WAITING = 10_000

/** In datagrams; what gets lost on the way is not noticed. */
export function udpSyslogSink(options: UdpSyslogOptions): Sink {
  const {ident, facility, maxLength, host, server, pid = process.pid, now = Date.now} = options
  // Loaded where it is wanted: children are to stay small.
  const {createSocket} = process.getBuiltinModule('node:dgram')
  const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4').unref()
  socket.on('error', () => {})
  let waiting = 0
  let lost = 0
  let isSent = () => {}
  const put = (level: number, piece: string, name: SyslogName) => {
    if (waiting >= MOST_WAITING) return false
    const head = `<${priority(name.facility, level)}>${timestamp(new Date(now()))} ${host} ${name.ident}[${pid}]: `
    waiting++
    socket.send(head + piece, server.port, server.host, error => {
      if (error) lost++
      if (--waiting === 0) isSent()
    })
    return true
  }
  return {
    write(level, taskId, text, name = {ident, facility}) {
      if (lost > 0 && waiting === 0) {
        const told = lostText(lost)
        lost = 0
        put(-1, `(!)${told}`, {ident, facility})
      }
      for (const piece of entryPieces(level, taskId, text, maxLength)) if (!put(level, piece, name)) lost++
    },
    close: () =>
      new Promise(resolve => {
        isSent = () => socket.close(() => resolve())
        if (waiting === 0) isSent()
      }),
  }
}

/** `host:port`, `[address]:port`; the port is 514 where none is named; undefined for anything else. */
export function syslogServer(text: string): {readonly host: string; readonly port: number} | undefined {
  const [, address, name, port = '514'] =
    /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? []
  const host = address ?? name
  return host === undefined || Number(port) > 65_535 ? undefined : {host, port: Number(port)}
}
