/**
 * show-screen — a screen on the terminal until the viewer leaves.
 */
import {render} from 'ink'
import type {ReactElement} from 'react'

/**
 * Resolves when the viewer quits, or SIGTERM or SIGHUP arrives; the terminal is as before then.
 * @param feed fills what the screen shows until its signal is aborted; its failure takes the screen down
 */
export async function showScreen(
  element: ReactElement,
  feed: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const screen = render(element, {
    alternateScreen: true,
    incrementalRendering: true,
    interactive: true,
    // what the buses say comes five times a second at most; a key is answered at once
    maxFps: 30,
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
