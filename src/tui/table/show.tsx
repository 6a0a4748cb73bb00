/**
 * show — put a table on the terminal until the viewer leaves.
 */
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {showScreen} from '../show-screen.ts'
import {createTheme} from '../theme.ts'
import {TableScreen, type TableSource} from './screen.tsx'

/** As `showScreen`, with a table of this source. */
export async function showTable<T extends {readonly nowMs: number; readonly heardMs: number | undefined}>(
  source: TableSource<T>,
  title: string,
  feed: (signal: AbortSignal) => Promise<void>,
  {clock, filter}: {readonly clock?: ReplayClock | undefined; readonly filter?: string | undefined} = {},
): Promise<void> {
  await showScreen(
    <TableScreen
      source={source}
      title={title}
      theme={createTheme(process.env)}
      clock={clock}
      filter={filter}
    />,
    feed,
  )
}
