/**
 * decoder-process — a decoder process as its child sees it: started on the first leaf, killed when overdue.
 *
 * One leaf at a time. The process is used for many leaves and ends when it was idle for a while, took too much
 * memory, or had so many that a fresh one is better. Every failure of it is a problem of the leaf, never of the
 * mail: what an attacker can do to it is to leave his own archive unchecked.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {errorText} from '../../errors.ts'
import {entryFile} from '../../process/program-file.ts'
import type {Decoded, Problem} from '../member.ts'
import {sevenZipFolder} from '../readers/seven-zip.ts'
import type {DecodeReply, DecodeRequest} from './messages.ts'

/** Leaves after which a process is replaced. */
const MAX_REQUESTS = 500
const IDLE_MS = 60_000
/** Resident memory at which a process is killed: at rest it has some 50 MiB. */
const MEMORY_LIMIT_BYTES = 230 * 1024 * 1024
const MEMORY_LOOK_MS = 100
/** V8's own share; contents are outside of it. */
const FLAGS = ['--max-old-space-size=96', '--max-semi-space-size=4', '--no-warnings'] as const

export interface DecoderProcessOptions {
  /** the folder below which members may be written ($TEMPBASE) */
  readonly base: string
}

export class DecoderProcess {
  readonly #base: string
  #process: ChildProcess | undefined
  #requests = 0
  #idle: NodeJS.Timeout | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor({base}: DecoderProcessOptions) {
    this.#base = base
  }

  /** the process that is there now, for who watches it */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Have a leaf unpacked. Never rejects. */
  decode(request: DecodeRequest, timeoutMs: number): Promise<Decoded> {
    const work = this.#queue.then(() => this.#decode(request, timeoutMs))
    this.#queue = work
    return work
  }

  async #decode(request: DecodeRequest, timeoutMs: number): Promise<Decoded> {
    clearTimeout(this.#idle)
    try {
      // One that had others before may have died of them, or while nobody looked: a new one gets the leaf.
      const reused = this.#process
      if (reused) {
        const answer = await this.#ask(reused, request, timeoutMs)
        if (answer.kind === 'decoded') return answer.decoded
      }
      const answer = await this.#ask(this.#start(), request, timeoutMs)
      return answer.kind === 'decoded'
        ? answer.decoded
        : failed('corrupt', `the decoder ended by ${answer.by}`)
    } catch (error) {
      this.#kill()
      return failed('unsupported', `the decoder cannot be started: ${errorText(error)}`)
    } finally {
      if (++this.#requests >= MAX_REQUESTS) this.#kill()
      else this.#rest()
    }
  }

  #start(): ChildProcess {
    const child = startProcess(this.#base)
    this.#process = child
    child.on('exit', () => {
      if (this.#process === child) this.#process = undefined
    })
    return child
  }

  /** It does not keep its child alive, and does not wait for ever. */
  #rest(): void {
    const child = this.#process
    if (!child) return
    child.unref()
    child.channel?.unref()
    this.#idle = setTimeout(() => this.#kill(), IDLE_MS).unref()
  }

  #ask(child: ChildProcess, request: DecodeRequest, timeoutMs: number): Promise<Answer> {
    const {promise, resolve} = Promise.withResolvers<Answer>()
    child.ref()
    const give = (answer: Answer) => {
      clearTimeout(deadline)
      clearInterval(watch)
      child.off('message', heard)
      child.off('exit', exited)
      resolve(answer)
    }
    const end = (problem: Problem['kind'], reason: string) => {
      this.#kill()
      give({kind: 'decoded', decoded: failed(problem, reason)})
    }
    const deadline = setTimeout(() => end('limit', `timed out after ${Math.round(timeoutMs)} ms`), timeoutMs)
    const watch = setInterval(() => {
      void residentBytes(child.pid).then(bytes => {
        if (bytes > MEMORY_LIMIT_BYTES) end('limit', 'it took too much memory to decode')
      })
    }, MEMORY_LOOK_MS)
    const died = (by: string) => {
      this.#kill()
      give({kind: 'died', by})
    }
    const exited = (status: number | null, signal: string | null) => died(signal ?? `status ${status}`)
    const heard = (reply: DecodeReply) => {
      if (reply.kind === 'failed') end('corrupt', `the decoder failed: ${reply.reason}`)
      else give({kind: 'decoded', decoded: asBuffers(reply.decoded)})
    }
    child.on('exit', exited)
    child.on('message', heard)
    child.channel?.ref()
    child.send(request, error => {
      if (error) died(error.message)
    })
    return promise
  }

  #kill(): void {
    clearTimeout(this.#idle)
    this.#process?.kill('SIGKILL')
    this.#process = undefined
    this.#requests = 0
  }

  /** End the process; a leaf in hand is a failed one. */
  close(): void {
    this.#kill()
  }
}

/** What came of a leaf; `by`: a signal, a status, an error of the channel. */
type Answer =
  | {readonly kind: 'decoded'; readonly decoded: Decoded}
  | {readonly kind: 'died'; readonly by: string}

function failed(kind: Problem['kind'], reason: string): Decoded {
  return {members: [], problems: [{kind, reason}]}
}

/** The channel makes plain arrays of octets of Buffers. */
function asBuffers({members, problems}: Decoded): Decoded {
  return {
    members: members.map(member => {
      const {buffer, byteOffset, byteLength} = member.content
      return {...member, content: Buffer.from(buffer, byteOffset, byteLength)}
    }),
    problems,
  }
}

function startProcess(base: string): ChildProcess {
  const entry = entryFile('decoder-main')
  const sevenZip = sevenZipFolder()
  const readable = [path.dirname(entry), sevenZip, path.resolve(base)]
  const permissions = [
    '--permission',
    ...readable.map(folder => `--allow-fs-read=${folder}`),
    `--allow-fs-write=${path.resolve(base)}`,
  ]
  const child = spawn(process.execPath, [...FLAGS, ...permissions, entry, sevenZip], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: {MALLOC_ARENA_MAX: '1'},
    cwd: base,
  })
  child.on('error', () => {}) // seen as a failure to send
  return child
}

/** 0 where the system does not say. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  return Number(statm.split(' ')[1] ?? 0) * 4096
}
