/**
 * show — the status screen on the terminal until the viewer leaves.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {feedReplayed} from '../replay/control.ts'
import {showScreen} from '../show-screen.ts'
import {createTheme} from '../theme.ts'
import type {Place} from './facts.ts'
import {type AskMaster, feedStatus} from './feed.ts'
import {StatusScreen} from './screen.tsx'
import type {Limits} from './thresholds.ts'
import {createStatusWatch} from './watch.ts'

export interface ShowStatusOptions {
  readonly places: readonly Place[]
  readonly askMaster: AskMaster
  readonly limits: Limits
  /** of recordings */
  readonly clock?: ReplayClock | undefined
}

/** Resolves when the viewer quits. @throws AmavisError AM_USAGE for an endpoint that is no address */
export async function showStatus({places, askMaster, limits, clock}: ShowStatusOptions): Promise<void> {
  const watch = createStatusWatch(places, clock?.now)
  await showScreen(
    <StatusScreen watch={watch} limits={limits} theme={createTheme(process.env)} clock={clock} />,
    signal =>
      feedReplayed(clock, signal, watch.clear, until => feedStatus(watch, places, askMaster, until, clock)),
  )
}
