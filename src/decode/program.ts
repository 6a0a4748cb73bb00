/**
 * program — unpacks a leaf by a program of another package: a filter, or one that prints all members.
 *
 * Run without a shell, in a process group of its own, with limits on memory, processor time and file size, and
 * killed with its group at the deadline. It gets the leaf as its standard input and, where it must have a file, as
 * a file with a name of ours; what counts is only what it writes to its standard output.
 */
import {spawn} from 'node:child_process'
import {closeSync, existsSync, openSync} from 'node:fs'
import path from 'node:path'
import {startProcess} from '../process/start-process.ts'
import {arcMembers, MemberCutter} from './arc-members.ts'
import type {Decoded, DecodeLimits, Problem} from './member.ts'
import type {Program} from './plan.ts'
import {problemOf, Sink} from './sink.ts'
import {FileSource} from './source.ts'

const MEMORY_BYTES = 256 * 1024 * 1024
const PRLIMIT = '/usr/bin/prlimit'

export interface ProgramJob {
  readonly program: Program
  /** the leaf */
  readonly file: string
  readonly folder: string
  readonly fileName: (index: number) => string
  readonly limits: DecodeLimits
  readonly timeoutMs: number
}

/** Programs that open a file themselves, by the name of which they want to be told. */
const TAKES_FILE = /^(?:nomarch|arc|zoo|unzoo)$/
/** Programs that open .arc archives, and what they put after each member. */
const ARC_SEPARATORS: ReadonlyMap<string, number | undefined> = new Map([
  ['arc', 0x0c],
  ['nomarch', undefined],
])

/** Rejects only when the work folder cannot be used. */
export async function runProgram({
  program,
  file,
  folder,
  fileName,
  limits,
  timeoutMs,
}: ProgramJob): Promise<Decoded> {
  const [command, ...args] = program
  const who = path.basename(command)
  const sink = new Sink({limits, folder, fileName, who})
  let writer: Writer
  try {
    writer = writerFor(who, file, sink, limits)
  } catch (error) {
    return sink.finish(problemOf(error))
  }
  const line = [command, ...args, ...(TAKES_FILE.test(who) ? [file] : [])]
  const limited = existsSync(PRLIMIT) ? [PRLIMIT, ...limitsFor(limits, timeoutMs), ...line] : line
  const input = openSync(file, 'r')
  const child = startProcess(() =>
    spawn(limited[0]!, limited.slice(1), {
      stdio: [input, 'pipe', 'ignore'],
      cwd: folder,
      detached: true,
      env: {PATH: '/usr/bin:/bin', LC_ALL: 'C'},
    }),
  )
  closeSync(input)
  if (typeof child === 'string') return sink.finish({kind: 'unsupported', reason: `${who}: ${child}`})
  const {promise, resolve, reject} = Promise.withResolvers<Decoded>()
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
  }
  let failure: Error | undefined
  let isOverdue = false
  const deadline = setTimeout(() => {
    isOverdue = true
    kill()
  }, timeoutMs)
  child.stdout?.on('data', (octets: Buffer) => {
    try {
      if (!failure) writer.write(octets)
    } catch (error) {
      failure = error as Error
      kill()
    }
  })
  const end = (problemNow: () => Problem | undefined) => {
    clearTimeout(deadline)
    try {
      resolve(sink.finish(problemNow()))
    } catch (error) {
      reject(error)
    }
  }
  child.on('error', error => end(() => ({kind: 'unsupported', reason: `${who}: ${error.message}`})))
  child.on('close', (status, signal) =>
    end(() => {
      if (failure) return problemOf(failure)
      if (isOverdue) return {kind: 'limit', reason: `${who} timed out after ${Math.round(timeoutMs)} ms`}
      if (status === 0) return endOf(writer)
      return {kind: 'corrupt', reason: `${who}: ${signal ? `signal ${signal}` : `exit status ${status}`}`}
    }),
  )
  return await promise
}

interface Writer {
  write(octets: Buffer): void
  end(): Problem | undefined
}

/** One member for a filter, or one for each that the archive names. */
function writerFor(who: string, file: string, sink: Sink, {files}: DecodeLimits): Writer {
  if (ARC_SEPARATORS.has(who)) {
    using archive = new FileSource(file)
    const members = arcMembers(archive, files + 1)
    if (members) return new MemberCutter(sink, members, ARC_SEPARATORS.get(who))
  }
  const writer = sink.begin()
  return {
    write: octets => writer.write(octets),
    end: () => void writer.end(),
  }
}

function endOf(writer: Writer): Problem | undefined {
  try {
    return writer.end()
  } catch (error) {
    return problemOf(error)
  }
}

function limitsFor({bytes}: DecodeLimits, timeoutMs: number): string[] {
  const seconds = Math.ceil(timeoutMs / 1000) + 1
  return [
    `--as=${MEMORY_BYTES}`,
    `--cpu=${seconds}`,
    `--fsize=${Math.max(0, Math.floor(bytes))}`,
    '--core=0',
    '--',
  ]
}
