/** fakes — daemons of scanners for tests, written from their protocols; and mails to give them. */
import assert from 'node:assert/strict'
import net from 'node:net'
import path from 'node:path'
import type {TestContext} from 'node:test'
import type {Endpoint} from '../../../src/checks/virus/daemon/endpoint.ts'
import type {DaemonEntry, DaemonProtocol} from '../../../src/checks/virus/entries.ts'
import {writeFiles} from '../../../src/checks/virus/files.ts'
import {rulesOf} from '../../../src/checks/virus/reading.ts'
import type {ScanSubject} from '../../../src/checks/virus/scanner.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {typeParts} from '../../../src/decode/types.ts'
import {silentLog} from '../../../src/log/log.ts'
import {parseHeader} from '../../../src/message/header.ts'
import type {Part} from '../../../src/message/message.ts'
import {readMime} from '../../../src/message/mime/read.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {temporaryFolder} from '../../support/wait.ts'

/** In pieces, so that no scanner takes this file for the test file. */
export const VIRUS = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')

export const SETTINGS = settingsFrom('use strict;\n1;\n')

export function partsOf(mail: string): Part[] {
  const octets = Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1')
  return typeParts(readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 10}).parts)
}

/** A mail with an attachment, and its files below the test's folder. */
export function subjectOf(t: TestContext, mail = 'Subject: x\n\nhello\n'): ScanSubject {
  const octets = octetsOf(Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1'))
  const parts = partsOf(mail)
  const folder = path.join(temporaryFolder(t), 'parts')
  return {
    octets,
    parts,
    files: () => writeFiles(octets, parts, folder),
    settings: SETTINGS,
    log: silentLog,
  }
}

/** A server on a Unix socket in a folder of the test, closed with it. */
export async function listen(
  t: TestContext,
  serve: (socket: net.Socket) => void,
  file = path.join(temporaryFolder(t), 'daemon.ctl'),
): Promise<{endpoint: Endpoint; file: string; stop: () => Promise<void>}> {
  const open = new Set<net.Socket>()
  const server = net.createServer(socket => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    serve(socket)
  })
  const stop = async () => {
    for (const socket of open) socket.destroy()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  t.after(stop)
  server.listen(file)
  await new Promise(resolve => server.once('listening', resolve))
  return {endpoint: {path: file}, file, stop}
}

/** Calls back with each line. */
export function onLines(socket: net.Socket, hear: (line: string) => void): void {
  let heard = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    const lines = (heard + text).split('\n')
    heard = lines.pop() ?? ''
    for (const line of lines) hear(line.replace(/\r$/, ''))
  })
}

/** Reads a session of INSTREAM requests as clamd does, and PING; `judge` gives each stream's answer. */
export function asClamd(judge: (content: Buffer, socket: net.Socket) => string | undefined) {
  return (socket: net.Socket): void => {
    let heard = Buffer.alloc(0)
    let content: Buffer[] | undefined
    let count = 0
    socket.on('data', octets => {
      heard = Buffer.concat([heard, octets])
      for (;;) {
        if (content) {
          if (heard.length < 4) return
          const length = heard.readUInt32BE(0)
          if (heard.length < 4 + length) return
          content.push(heard.subarray(4, 4 + length))
          heard = heard.subarray(4 + length)
          if (length > 0) continue
          const answer = judge(Buffer.concat(content), socket)
          content = undefined
          if (answer !== undefined) socket.write(`${++count}: ${answer}\0`)
        } else {
          const end = heard.indexOf(0)
          if (end < 0) return
          const command = heard.toString('latin1', 0, end)
          heard = heard.subarray(end + 1)
          if (command === 'zINSTREAM') content = []
          else if (command === 'zEND') socket.end()
          else if (command === 'zPING') socket.end('PONG\0')
          else assert.equal(command, 'zIDSESSION')
        }
      }
    })
  }
}

export const re = (pattern: string, flags = ''): Scalar => ({kind: 're', pattern, flags})

export function daemonEntry(
  protocol: DaemonProtocol,
  endpoints: readonly Endpoint[],
  query: string,
  rules: readonly [clean: Scalar, infected: Scalar, names: Scalar],
  extra?: string,
): DaemonEntry {
  const [clean, infected, names] = rules
  return {
    kind: 'daemon',
    name: protocol,
    protocol,
    query,
    extra,
    endpoints,
    rules: rulesOf(clean, infected, names),
  }
}
