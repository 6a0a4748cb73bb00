/**
 * watch — the nanny display as text, for programs without a screen of their own.
 */
import {feedStore} from '../children/feed.ts'
import {createChildStore, type Snapshot} from '../children/store.ts'
import {ClassicNanny, type ProcessControl} from './classic.ts'
import {busSource, isGone} from './records.ts'

/** Who lives is known from the bus; nothing is signalled. */
export function watchOnly(read: () => Snapshot): ProcessControl {
  return {
    probe: ({origin, pid}) => (isGone(read().table, origin, pid) ? 'gone' : 'alive'),
    terminate: () => false,
    kill() {},
  }
}

export interface NannyWatch {
  /** One display, without heading and last line end; histories grow from call to call. */
  text(): string
  /** Fulfilled by the first message; rejected when an endpoint is no address. */
  readonly ready: Promise<void>
}

/** Listen to buses until the signal is aborted. */
export function watchNanny(endpoints: readonly string[], signal: AbortSignal): NannyWatch {
  const store = createChildStore()
  const nanny = new ClassicNanny()
  const read = () => store.refresh()
  const source = busSource(read, endpoints.join(', '))
  const control = watchOnly(store.getSnapshot)
  const {promise: ready, resolve, reject} = Promise.withResolvers<void>()
  const heard: typeof store = {
    ...store,
    put(endpoint, frames) {
      store.put(endpoint, frames)
      resolve()
    },
  }
  feedStore(heard, endpoints, signal).then(resolve, reject)
  return {
    ready,
    text() {
      const data = source.read()
      if (data.kind === 'absent') return `waiting for the bus at ${data.name}`
      const {lines, wentAway} = nanny.display(store.getSnapshot().nowMs, data.records, control)
      source.forget(wentAway)
      return lines.join('\n')
    },
  }
}
