/**
 * child-timeout — `$child_timeout`, as master, pipeline and `amavis explain` understand it.
 */
import type {Settings} from './settings.ts'

/** When it is undef or no time at all. */
const DEFAULT_S = 480
/** Timers of Node go no further than 24 days. */
const LONGEST_S = 7 * 86_400

/** How long a child may be with one mail, in ms. */
export function childTimeoutMs(settings: Pick<Settings, 'number'>): number {
  const seconds = settings.number('$child_timeout') ?? 0
  return 1000 * (seconds > 0 ? Math.min(seconds, LONGEST_S) : DEFAULT_S)
}
