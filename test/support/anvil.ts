/** anvil — a folder for a counting server in the background, which ends with the test. */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {temporaryFolder, until} from './wait.ts'

/** For `$MYHOME`: the server that its PID file names is ended before the folder goes. */
export function anvilFolder(t: TestContext): string {
  let file = ''
  // Hooks run in the order they were made.
  t.after(async () => {
    if (!existsSync(file)) return
    const pid = Number(readFileSync(file, 'latin1'))
    if (!(pid > 0) || !existsSync(`/proc/${pid}`)) return
    process.kill(pid, 'SIGTERM')
    await until('the counting server to end', () => !existsSync(`/proc/${pid}`))
  })
  const home = temporaryFolder(t)
  file = path.join(home, 'anvil.pid')
  return home
}
