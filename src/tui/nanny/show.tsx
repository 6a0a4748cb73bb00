/**
 * show — put the nanny screen on the terminal and feed it until the viewer leaves.
 */
import {render} from 'ink'
import {daemonProcesses} from '../../bus/processes.ts'
import {feedStore, TASK_PREFIXES} from '../children/feed.ts'
import type {RetireChild} from '../children/local.ts'
import type {DetailsLevel} from '../children/states.ts'
import {createChildStore} from '../children/store.ts'
import {createTheme} from '../theme.ts'
import {NannyScreen} from './screen.tsx'

export interface ShowOptions {
  readonly endpoints: readonly string[]
  /** shown instead of the endpoints */
  readonly title?: string
  /** takes the screen down */
  readonly signal?: AbortSignal
  readonly readOnly?: boolean
  readonly details?: DetailsLevel
  readonly retire?: RetireChild
}

/**
 * Resolves when the viewer quits, or SIGTERM or SIGHUP arrives; the terminal is as before then.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function showNanny({
  endpoints,
  title,
  signal,
  readOnly = false,
  details = 2,
  retire,
}: ShowOptions): Promise<void> {
  const store = createChildStore()
  const stop = new AbortController()
  const screen = render(
    <NannyScreen
      store={store}
      endpoints={endpoints}
      title={title ?? endpoints.join(' ')}
      readOnly={readOnly}
      theme={createTheme(process.env)}
      processes={daemonProcesses()}
      details={details}
      retire={retire}
    />,
    {alternateScreen: true, incrementalRendering: true, interactive: true, maxFps: 10, patchConsole: false},
  )
  const leave = () => screen.unmount()
  const signals = ['SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, leave)
  signal?.addEventListener('abort', leave, {once: true})
  if (signal?.aborted) leave()
  const feeding = feedStore(store, endpoints, stop.signal, TASK_PREFIXES).finally(leave)
  const leaving = screen.waitUntilExit().finally(() => {
    for (const name of signals) process.off(name, leave)
    signal?.removeEventListener('abort', leave)
    stop.abort()
    store.close()
  })
  await Promise.all([leaving, feeding])
}
