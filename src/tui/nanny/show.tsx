/**
 * show — put the nanny screen on the terminal and feed it until the viewer leaves.
 */
import {daemonProcesses} from '../../bus/processes.ts'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {ask} from '../../bus/subscriber.ts'
import {feedStore, TASK_PREFIXES} from '../children/feed.ts'
import type {RetireChild} from '../children/local.ts'
import type {DetailsLevel} from '../children/states.ts'
import {type ChildStore, createChildStore} from '../children/store.ts'
import {feedReplayed} from '../replay/control.ts'
import {showScreen} from '../show-screen.ts'
import {keepSmallHeap} from '../small-heap.ts'
import {createTheme} from '../theme.ts'
import {busLabel} from './rows.ts'
import {NannyScreen} from './screen.tsx'

/** What the buses say is drawn so often at most; a key is answered at once. */
const PERIOD_MS = 1000

export interface ShowOptions {
  readonly endpoints: readonly string[]
  /** one of each endpoint, for what happened before; none are asked where there are none */
  readonly responders?: readonly string[]
  /** of recordings */
  readonly clock?: ReplayClock | undefined
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
  responders = [],
  clock,
}: ShowOptions): Promise<void> {
  const store = createChildStore({periodMs: PERIOD_MS, ...(clock && {now: clock.now})})
  const feed = (ended: AbortSignal) => {
    keepSmallHeap(ended)
    return feedReplayed(
      clock,
      signal ? AbortSignal.any([ended, signal]) : ended,
      store.clear,
      async until => {
        void recallIncidents(store, endpoints, responders, clock)
        await feedStore(store, endpoints, until, TASK_PREFIXES, clock)
      },
    )
  }
  try {
    await showScreen(
      <NannyScreen
        store={store}
        endpoints={endpoints}
        title={title ?? endpoints.map(busLabel).join(' ')}
        readOnly={readOnly || clock !== undefined}
        theme={createTheme(process.env)}
        processes={daemonProcesses()}
        details={details}
        retire={retire}
        clock={clock}
      />,
      feed,
    )
  } finally {
    store.close()
  }
}

/** What responders remember of before; a responder that is not there knows nothing. */
async function recallIncidents(
  store: ChildStore,
  endpoints: readonly string[],
  responders: readonly string[],
  clock: ReplayClock | undefined,
): Promise<void> {
  await Promise.allSettled(
    endpoints.map(async (endpoint, i) => {
      const responder = responders[i]
      const frames = responder === undefined ? [] : await ask(responder, 'am.incidents?', {clock})
      for (const frame of frames) store.recall(endpoint, frame)
    }),
  )
}
