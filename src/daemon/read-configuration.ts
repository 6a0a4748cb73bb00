/**
 * read-configuration — has the configuration read and checked in a fresh, short-lived process.
 *
 * The master reads no configuration file: whatever a file does to its reader ends with the reader.
 */
import {spawn} from 'node:child_process'
import {errorText} from '../errors.ts'
import {entryFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'
import type {ReaderRequest, ReaderResult} from './messages.ts'

const LIMIT_MS = 60_000

/** @returns what the reader says; a reader that dies or hangs is a configuration that cannot be read */
export function readConfiguration(request: ReaderRequest): Promise<ReaderResult> {
  const reader = startProcess(() =>
    spawn(process.execPath, [entryFile('config-reader-main')], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    }),
  )
  if (typeof reader === 'string')
    return Promise.resolve({kind: 'failed', problems: [`cannot start the configuration reader: ${reader}`]})
  return new Promise(resolve => {
    const fail = (text: string) => resolve({kind: 'failed', problems: [text]})
    const deadline = setTimeout(() => {
      reader.kill('SIGKILL')
      fail(`reading the configuration took longer than ${LIMIT_MS / 1000} s`)
    }, LIMIT_MS)
    reader.once('message', message => resolve(message as ReaderResult))
    reader.once('error', error => fail(`cannot start the configuration reader: ${error.message}`))
    reader.once('exit', (status, signal) => {
      clearTimeout(deadline)
      fail(`the configuration reader ended early (${signal ?? `exit ${status}`})`)
    })
    reader.send(request, () => {})
  })
}

/** A configuration that was read and found good. */
export type GoodConfiguration = Extract<ReaderResult, {kind: 'ok'}>

class ConfigurationRefused extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems
  }
}

/** @throws an error of which problemsOf gives each problem */
export function goodConfiguration(result: ReaderResult): GoodConfiguration {
  if (result.kind === 'failed') throw new ConfigurationRefused(result.problems)
  return result
}

/** What to tell a person of any failure, a problem a line. */
export function problemsOf(error: unknown): readonly string[] {
  return error instanceof ConfigurationRefused ? error.problems : [errorText(error)]
}
