/**
 * small-heap — a screen that hears thousands of messages a second stays small, for hours.
 *
 * V8 doubles the space for young objects, to 64 MiB twice over, as soon as some of them live for a while, and a
 * screen's picture of a thousand children does. Some room it shall have: in the least one, what a single frame is
 * made of is copied time and again. From there on what has been given to it is enough.
 *
 * Between two collections of the old space V8 lets the heap grow fourfold, and keeps the pages. A third more than
 * what lives is enough for a screen, whose garbage is mostly young.
 */
import v8 from 'node:v8'

const ENOUGH_BYTES = 8 * 1024 * 1024
const LOOK_MS = 200

/** @param signal ends the looking */
export function keepSmallHeap(signal: AbortSignal): void {
  v8.setFlagsFromString('--heap-growing-percent=33')
  const look = () => {
    const young = v8.getHeapSpaceStatistics().find(({space_name: name}) => name === 'new_space')
    if ((young?.space_size ?? ENOUGH_BYTES) < ENOUGH_BYTES) return
    v8.setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(timer)
  }
  const timer = setInterval(look, LOOK_MS).unref()
  signal.addEventListener('abort', () => clearInterval(timer))
}
