/**
 * borrowed-spam-helper — SpamAssassin for as long as one piece of work takes, where a configuration wants it.
 */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {spamHelperPlan} from '../checks/spam/spamassassin/helper-plan.ts'
import type {Settings} from '../config/settings.ts'

/**
 * @param settings undefined: no helper is wanted
 * @param say gets what it says, with the level of the log that it would have
 */
export async function withSpamHelper<Result>(
  settings: Settings | undefined,
  say: (line: string, level: number) => void,
  work: (socketPath: string | undefined) => Promise<Result>,
): Promise<Result> {
  const plan = settings && spamHelperPlan(settings)
  if (!settings || !plan) return await work(undefined)
  const {SpamHelper} = await import('./spam-helper.ts')
  const base = mkdtempSync(path.join(tmpdir(), 'amavis-borrowed-'))
  const helper = new SpamHelper({
    plan,
    base,
    path: settings.string('$path') ?? '',
    say: (level, text) => say(text, level),
  })
  try {
    await helper.settled
    return await work(helper.socketPath)
  } finally {
    helper.stop()
    rmSync(base, {recursive: true, force: true})
  }
}
