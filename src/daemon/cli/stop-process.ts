/**
 * stop-process — end a running master and wait until it is gone.
 *
 * Source: spec/daemon, "Command line", stop.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {liveProcesses} from '../../process/process-table.ts'

const POLL_MS = 20
const FIRST_WORD_MS = 1000
const NEXT_WORD_MS = 5000
const KILL_AFTER_MS = 60_000

export interface StopVoice {
  say(text: string): void
  warn(text: string): void
}

/**
 * TERM, and KILL after a minute.
 * @returns the signal that ended it
 * @throws when it may not be signalled
 */
export async function stopProcess(pid: number, {say, warn}: StopVoice): Promise<'SIGTERM' | 'SIGKILL'> {
  process.kill(pid, 'SIGTERM')
  const begun = performance.now()
  let nextWord = FIRST_WORD_MS
  while (liveProcesses.exists(pid)) {
    const elapsed = performance.now() - begun
    if (elapsed >= KILL_AFTER_MS) {
      warn(`Sending SIGKILL to amavisd[${pid}]`)
      process.kill(pid, 'SIGKILL')
      return 'SIGKILL'
    }
    if (elapsed >= nextWord) {
      say(`Waiting for the process [${pid}] to terminate`)
      nextWord += NEXT_WORD_MS
    }
    await sleep(POLL_MS)
  }
  return 'SIGTERM'
}
