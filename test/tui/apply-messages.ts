/** apply-messages — a table of children as it is after some messages. */
import {type Arrival, TableDraft} from '../../src/tui/children/draft.ts'
import type {ChildTable} from '../../src/tui/children/table.ts'

/** The table after these messages, in order. */
export function applyMessages(table: ChildTable, arrivals: readonly Arrival[], nowMs: number): ChildTable {
  const draft = new TableDraft(table)
  for (const {endpoint, frames, nowMs: arrivedMs} of arrivals) {
    draft.touch(endpoint, arrivedMs)
    for (const frame of frames) draft.hear(endpoint, frame, arrivedMs)
  }
  return draft.publish(nowMs)
}
