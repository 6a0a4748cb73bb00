/**
 * show — put a table on the terminal until the viewer leaves.
 */
import {render} from 'ink'
import {createTheme} from '../theme.ts'
import {TableScreen, type TableSource} from './screen.tsx'

/**
 * Resolves when the viewer quits, or SIGTERM or SIGHUP arrives; the terminal is as before then.
 * @param feed fills the source until its signal is aborted; its failure takes the screen down
 */
export async function showTable<T extends {readonly nowMs: number; readonly heardMs: number | undefined}>(
  source: TableSource<T>,
  title: string,
  feed: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const screen = render(<TableScreen source={source} title={title} theme={createTheme(process.env)} />, {
    alternateScreen: true,
    incrementalRendering: true,
    interactive: true,
    maxFps: 10,
    patchConsole: false,
  })
  const leave = () => screen.unmount()
  const signals = ['SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, leave)
  const feeding = feed(stop.signal).finally(leave)
  const leaving = screen.waitUntilExit().finally(() => {
    for (const name of signals) process.off(name, leave)
    stop.abort()
  })
  await Promise.all([leaving, feeding])
}
