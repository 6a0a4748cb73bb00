/**
 * mc-main — the process of a supervisor (start-mc.ts).
 *
 * Its first argument is an McPlan as JSON; the second, `attached` or `detached`, says whether it ends when
 * its starter does. Where there is a channel to the starter it carries one McMessage up. Imports no oclif.
 */
import {errorText} from '../errors.ts'
import {openMcLog} from './mc-log.ts'
import type {McPlan} from './mc-plan.ts'
import {runMc} from './run-mc.ts'

export type McMessage = {readonly kind: 'ready'} | {readonly kind: 'failed'; readonly problem: string}

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '') as McPlan
  const stop = new AbortController()
  if (process.argv[3] === 'attached') process.on('disconnect', () => stop.abort())
  const say = (message: McMessage) => process.connected && process.send?.(message)
  const log = openMcLog(plan, 'amavis-mc')
  try {
    await runMc(plan, log.log, stop.signal, () => say({kind: 'ready'}))
  } catch (error) {
    for (const line of errorText(error).split('\n')) log.log.write(-2, line)
    say({kind: 'failed', problem: errorText(error)})
    process.exitCode = 1
  }
  if (process.connected) process.disconnect()
  await log.close()
}

void main()
