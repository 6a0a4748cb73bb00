/**
 * program — a scanner that is a program: run for each mail over its parts as files.
 *
 * Without a shell, in a process group of its own that is killed with all its members at the deadline, or when it says
 * more than anybody reads. What it writes to either output is read by the rules of its entry.
 */
import {spawn} from 'node:child_process'
import {errorText} from '../../errors.ts'
import {combineAnswers, failed, type ScannerAnswer} from './answer.ts'
import {commandLines} from './command-line.ts'
import type {ProgramEntry} from './entries.ts'
import {readOutput, type Said} from './reading.ts'
import type {Ask, ScanSubject} from './scanner.ts'

/** What a program may say; a scanner that says more has gone mad. */
const MOST_BYTES = 1024 * 1024

export interface ProgramDeps {
  /** for it: $path, $MYHOME, $TEMPBASE */
  readonly environment: Readonly<Record<string, string>>
  readonly report: (failure: string | undefined) => void
}

export function programScanner(entry: ProgramEntry, {environment, report}: ProgramDeps): Ask {
  const {file, args, cwd, rules} = entry
  return {
    close() {},
    async scan({files, settings}: ScanSubject, timeoutMs: number): Promise<ScannerAnswer> {
      const deadline = performance.now() + timeoutMs
      const answers: ScannerAnswer[] = []
      try {
        const written = await files()
        for (const line of commandLines(args, written)) {
          const said = await run(file, line, {
            cwd: cwd ?? written.folder,
            env: environment,
            timeoutMs: Math.max(1, deadline - performance.now()),
          })
          const answer = typeof said === 'string' ? failed(said) : readOutput(said, rules, settings)
          answers.push(answer)
          if (answer.kind === 'failed') break
        }
      } catch (error) {
        answers.push(failed(errorText(error)))
      }
      const answer = combineAnswers(answers)
      report(answer.kind === 'failed' ? answer.reason : undefined)
      return answer
    },
  }
}

interface RunOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** What it did, or why that is unknown. Never rejects. */
function run(
  file: string,
  args: readonly string[],
  {cwd, env, timeoutMs}: RunOptions,
): Promise<Said | string> {
  const {promise, resolve} = Promise.withResolvers<Said | string>()
  const child = spawn(file, args, {cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true})
  const output: Buffer[] = []
  let length = 0
  const end = (said: Said | string) => {
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
