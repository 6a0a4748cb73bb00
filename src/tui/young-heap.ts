/**
 * young-heap — a screen that hears thousands of messages a second stays small.
 *
 * V8 doubles the space for young objects, to 64 MiB twice over, as soon as some of them live for a while, and a
 * screen's picture of a thousand children does. What has been given to it by then is enough.
 */
import v8 from 'node:v8'

export function keepYoungHeap(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1')
}
