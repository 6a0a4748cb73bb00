/**
 * busy-ages — how old the tasks of busy children are, in the steps of the ProcBusy gauges.
 */

/** In seconds. ProcBusyN counts the busy whose task is at least the N-th old, N from 1; ProcBusy0 all. */
export const BUSY_AGES_SEC: readonly number[] = [0.1, 0.2, 0.5, 1, 2, 4, 8, 15, 30].concat(
  [1, 2, 4, 8, 15, 30].map(minutes => minutes * 60),
  [1, 2, 4, 8, 15, 30].map(hours => hours * 3600),
)
