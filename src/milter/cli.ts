/**
 * cli — what the commands of `amavis milter` share: their options, and how they speak and end.
 */
import path from 'node:path'
import {Flags} from '@oclif/core'
import {configurationFlags} from '../config/cli-flags.ts'
import type {Done, Site} from './operate.ts'
import {type MilterOrder, readMilters} from './plan.ts'

export const USAGE_STATUS = 64
export const USAGE = 'usage: amavis milter start|stop|restart|status|help [name…]'

export const milterFlags = {
  ...configurationFlags,
  'allow-root': Flags.boolean({
    description: 'go on as root where no user is configured: for demonstrations and tests',
  }),
}

interface MilterFlagValues {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly home?: string | undefined
  readonly 'allow-root'?: boolean
}

/** @throws AmavisError AM_CONFIG when the configuration is wrong */
export function siteOf(flags: MilterFlagValues): Site {
  const order: MilterOrder = {
    files: (flags.config ?? []).map(file => path.resolve(file)),
    instance: flags.instance ?? '',
    home: flags.home === undefined ? undefined : path.resolve(flags.home),
    allowRoot: flags['allow-root'] ?? false,
  }
  return {...readMilters(order), order}
}

/** Where the words go, and whether all went well. */
export interface Speaker {
  readonly log: (text: string) => void
  readonly logToStderr: (text: string) => void
}

/** Do it for each, say what came of it as it comes. @returns the exit status */
export async function each<Item>(
  speaker: Speaker,
  items: readonly Item[],
  unknown: readonly Done[],
  nothing: string,
  act: (item: Item) => Promise<Done>,
): Promise<number> {
  let status = 0
  const tell = ({text, failed}: Done) => {
    if (failed) status = 1
    if (failed) speaker.logToStderr(text)
    else speaker.log(text)
  }
  unknown.forEach(tell)
  if (items.length === 0 && unknown.length === 0) speaker.log(nothing)
  for (const item of items) tell(await act(item))
  return status
}
