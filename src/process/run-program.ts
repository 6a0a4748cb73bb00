/**
 * run-program — runs a program of another package to its end, without a shell.
 *
 * It has a process group of its own, which is killed at the deadline, or when it does not stop talking.
 */
import {spawn} from 'node:child_process'
import {startProcess} from './start-process.ts'

/** What a program did. */
export interface Ran {
  readonly status: number
  /** both streams, in the order of their arrival, one character for each octet */
  readonly output: string
}

export interface RunOptions {
  readonly cwd: string
  /** all of its environment */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** what it can read; undefined: nothing */
  readonly input?: Buffer
}

/** More than this nobody reads. */
const MOST_BYTES = 1024 * 1024

/** What it did, or why that is unknown. Never rejects. */
export function runProgram(
  file: string,
  args: readonly string[],
  {cwd, env, timeoutMs, input}: RunOptions,
): Promise<Ran | string> {
  const {promise, resolve} = Promise.withResolvers<Ran | string>()
  const child = startProcess(() =>
    spawn(file, args, {cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true}),
  )
  if (typeof child === 'string') return Promise.resolve(`cannot be run: ${child}`)
  // One that has read enough closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const output: Buffer[] = []
  let length = 0
  const end = (said: Ran | string) => {
    clearTimeout(timer)
    resolve(said)
  }
  const kill = (reason: string) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
    // Who left the group may hold the pipes open.
    child.stdout.destroy()
    child.stderr.destroy()
    end(reason)
  }
  const timer = setTimeout(() => kill(`killed after ${Math.round(timeoutMs)} ms`), timeoutMs)
  const hear = (octets: Buffer) => {
    length += octets.length
    if (length > MOST_BYTES) kill('killed for an output without end')
    else output.push(octets)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.on('error', error => end(`cannot be run: ${error.message}`))
  child.on('close', (status, signal) => {
    if (status === null) end(`ended by signal ${signal}`)
    else end({status, output: Buffer.concat(output).toString('latin1')})
  })
  return promise
}
