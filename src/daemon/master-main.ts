/**
 * master-main — the entry of the master process, however it is started: detached by `start`, in the place
 * of the `foreground` command, or as the heir of a running master.
 *
 * Exit status: 0 stopped, 1 could not start.
 */
import {errorText} from '../errors.ts'
import {INHERITANCE_VARIABLE, type Inheritance} from './heir.ts'
import {Master} from './master.ts'
import type {StartResult} from './messages.ts'
import {OPTIONS_VARIABLE, optionsIn} from './options.ts'

let reported = false

/** Tell the process that waits for us, or the terminal. */
function report(result: StartResult): Promise<void> {
  if (reported) return Promise.resolve()
  reported = true
  if (process.send) {
    return new Promise(resolve => process.send?.(result, () => resolve()))
  }
  const lines = result.kind === 'failed' ? result.problems : result.warnings
  for (const line of lines) process.stderr.write(`${line}\n`)
  return Promise.resolve()
}

function inheritance(): Inheritance | undefined {
  const text = process.env[INHERITANCE_VARIABLE]
  delete process.env[INHERITANCE_VARIABLE]
  return text === undefined ? undefined : (JSON.parse(text) as Inheritance)
}

async function main(): Promise<number> {
  const options = optionsIn(process.env)
  delete process.env[OPTIONS_VARIABLE]
  if (!options) {
    await report({kind: 'failed', problems: ['this program is started by "amavis start"']})
    return 1
  }
  const gone = new Promise<void>(resolve => process.once('disconnect', resolve))
  const master = new Master({options, inheritance: inheritance(), report, predecessorDone: () => gone})
  return await master.run()
}

main().then(
  status => process.exit(status),
  error => {
    const text = error instanceof Error ? (error.stack ?? error.message) : errorText(error)
    void report({kind: 'failed', problems: [text]}).then(() => process.exit(1))
  },
)
