/**
 * sinks — where log entries go: a file, standard error, or syslog.
 *
 * A sink never throws and never makes mail wait: an entry that cannot be written is counted, and the count
 * is written when writing works again. Node has no Unix datagrams, so syslog is reached through one
 * logger(1) a process on a pipe, which is told our pid.
 */
import {spawn} from 'node:child_process'
import {closeSync, fsyncSync, openSync, writeSync} from 'node:fs'
import type {Writable} from 'node:stream'
import {entryPieces, entryText, severity, timestamp} from './line.ts'

export interface Sink {
  write(level: number, taskId: string | undefined, text: string): void
  /** Everything written is out; nothing is written afterwards. */
  close(): Promise<void>
}

export interface LineHead {
  readonly host: string
  /** name the program was called by, before `[pid]` */
  readonly ident: string
  readonly pid?: number
  readonly now?: () => number
}

/** `Mon dd hh:mm:ss host ident[pid]: `, the stamp made once a second. */
function lineHeads({host, ident, pid = process.pid, now = Date.now}: LineHead): () => string {
  const tail = ` ${host} ${ident}[${pid}]: `
  let second = Number.NaN
  let head = ''
  return () => {
    const ms = now()
    const current = Math.floor(ms / 1000)
    if (current !== second) {
      second = current
      head = timestamp(new Date(ms)) + tail
    }
    return head
  }
}

/** Lines to a descriptor, each with one write, so that processes that share a file do not mix theirs. */
function descriptorSink(fd: number, head: LineHead, close: () => void): Sink {
  const nextHead = lineHeads(head)
  let lost = 0
  const put = (line: string) => {
    try {
      writeSync(fd, line)
      return true
    } catch {
      return false
    }
  }
  return {
    write(level, taskId, text) {
      if (lost > 0 && put(`${nextHead()}(!)${lost} log entries could not be written\n`)) lost = 0
      if (!put(`${nextHead()}${entryText(level, taskId, text)}\n`)) lost++
    },
    async close() {
      close()
    },
  }
}

/**
 * Append to a file; made 0640 when it is not there.
 * @throws when the file cannot be opened
 */
export function fileSink(path: string, head: LineHead): Sink {
  const fd = openSync(path, 'a', 0o640)
  return descriptorSink(fd, head, () => {
    try {
      fsyncSync(fd)
    } catch {
      // a pipe or a terminal
    }
    closeSync(fd)
  })
}

export function stderrSink(head: LineHead): Sink {
  return descriptorSink(2, head, () => {})
}

export interface SyslogOptions {
  readonly ident: string
  readonly facility: string
  /** `$logline_maxlen` */
  readonly maxLength: number
  readonly pid?: number
  /** the program and its arguments; given in tests */
  readonly command?: readonly [string, ...string[]]
}

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'security', 'console', 'solaris-cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]

/** Octets that may wait for logger(1); what comes beyond is lost. */
const PIPE_LIMIT_BYTES = 1024 * 1024
const RESTART_AFTER_MS = 5000

/** Syslog through logger(1); one that ends is started again, at most every few seconds. */
export function syslogSink(options: SyslogOptions): Sink {
  const {ident, facility, maxLength, pid = process.pid} = options
  const [program, ...args] = options.command ?? [
    'logger',
    `--id=${pid}`,
    `--tag=${ident}`,
    `--priority=${facility}.info`,
    '--prio-prefix',
  ]
  const base = Math.max(0, FACILITIES.indexOf(facility)) * 8
  let pipe: Writable | undefined
  let ended: Promise<void> = Promise.resolve()
  let startedAt = Number.NEGATIVE_INFINITY
  let lost = 0
  let closed = false

  const connect = () => {
    if (closed || performance.now() - startedAt < RESTART_AFTER_MS) return undefined
    startedAt = performance.now()
    const child = spawn(program, args, {stdio: ['pipe', 'ignore', 'ignore']})
    child.unref()
    const end = () => {
      if (pipe === child.stdin) pipe = undefined
    }
    ended = new Promise(resolve => {
      child.once('error', () => resolve(end()))
      child.once('exit', () => resolve(end()))
    })
    child.stdin.on('error', end)
    // an idle log keeps no process alive; close() waits for what is still to be written
    if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
    return child.stdin
  }
  const put = (level: number, piece: string) => {
    pipe ??= connect()
    if (!pipe || pipe.writableLength > PIPE_LIMIT_BYTES) return false
    pipe.write(`<${base + severity(level)}>${piece}\n`)
    return true
  }
  return {
    write(level, taskId, text) {
      if (lost > 0 && put(-1, `(!)${lost} log entries could not be written`)) lost = 0
      for (const piece of entryPieces(level, taskId, text, maxLength)) if (!put(level, piece)) lost++
    },
    async close() {
      closed = true
      pipe?.end()
      await ended
    },
  }
}
