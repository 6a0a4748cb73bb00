/**
 * view-state — what the viewer has done to the screen: cursor, order, filter, pause. A reducer, pure.
 */
import type {DetailsLevel} from '../children/states.ts'
import type {Snapshot} from '../children/store.ts'
import {SORT_COLUMNS, type SortColumn} from './rows.ts'

export interface ViewState {
  readonly mode: 'list' | 'filter' | 'help' | 'confirm' | 'child' | 'incidents'
  /** the child under the cursor, and the row it was in */
  readonly cursorKey: string | undefined
  readonly cursorRow: number
  /** whether the cursor goes with its child when rows move, or stays where it is */
  readonly follow: boolean
  readonly sort: SortColumn
  readonly reversed: boolean
  readonly filter: string
  readonly details: DetailsLevel
  readonly memory: boolean
  /** first line of the child's page that is shown */
  readonly pageTop: number
  /** what is shown while paused */
  readonly frozen: Snapshot | undefined
  /** one line for the viewer, until the next key */
  readonly message: string | undefined
}

export const INITIAL_VIEW: ViewState = {
  mode: 'list',
  cursorKey: undefined,
  cursorRow: 0,
  follow: true,
  sort: 'pid',
  reversed: false,
  filter: '',
  details: 2,
  memory: false,
  pageTop: 0,
  frozen: undefined,
  message: undefined,
}

export type ViewEvent =
  /** `keys` are the rows as shown */
  | {readonly type: 'move'; readonly by: number; readonly keys: readonly string[]}
  | {readonly type: 'sort'; readonly by: 1 | -1}
  | {readonly type: 'reverse' | 'details' | 'memory'}
  /** turn the child's page, which has so many lines more than fit */
  | {readonly type: 'scroll'; readonly by: number; readonly beyond: number}
  | {readonly type: 'follow'; readonly keys: readonly string[]}
  | {readonly type: 'pause'; readonly snapshot: Snapshot}
  | {readonly type: 'mode'; readonly mode: ViewState['mode']}
  | {readonly type: 'filter'; readonly text: string}
  /** no filter, no message, back to the list */
  | {readonly type: 'clear'}
  | {readonly type: 'say'; readonly message: string | undefined}

const DETAILS_LEVELS = [0, 1, 2] as const
const DETAILS_TEXTS = ['no letters', 'the main steps', 'every state'] as const

export function reduceView(state: ViewState, event: ViewEvent): ViewState {
  switch (event.type) {
    case 'move': {
      const row = Math.max(0, Math.min(cursorIn(state, event.keys) + event.by, event.keys.length - 1))
      return {...state, cursorRow: row, cursorKey: event.keys[row], message: undefined}
    }
    case 'sort': {
      const at = SORT_COLUMNS.indexOf(state.sort) + event.by
      const sort = SORT_COLUMNS[(at + SORT_COLUMNS.length) % SORT_COLUMNS.length]!
      return {...state, sort, message: `sorted by ${sort}`}
    }
    case 'reverse':
      return {...state, reversed: !state.reversed, message: undefined}
    case 'details': {
      const details = DETAILS_LEVELS[(state.details + 1) % DETAILS_LEVELS.length]!
      return {...state, details, message: `details level ${details}: ${DETAILS_TEXTS[details]}`}
    }
    case 'memory':
      return {...state, memory: !state.memory, message: undefined}
    case 'scroll': {
      const pageTop = Math.max(0, Math.min(state.pageTop + event.by, event.beyond))
      return {...state, pageTop, message: undefined}
    }
    case 'follow': {
      const follow = !state.follow
      const message = follow ? 'the cursor stays with its child' : 'the cursor stays in its line'
      const row = cursorIn(state, event.keys)
      return {...state, follow, cursorKey: event.keys[row], cursorRow: row, message}
    }
    case 'pause':
      return {...state, frozen: state.frozen ? undefined : event.snapshot, message: undefined}
    case 'mode':
      return {...state, mode: event.mode, pageTop: 0, message: undefined}
    case 'filter':
      return {...state, filter: event.text}
    case 'clear':
      return {...state, mode: 'list', filter: '', message: undefined}
    case 'say':
      return {...state, mode: 'list', message: event.message}
  }
}

/** The row of the cursor among these keys. */
export function cursorIn(state: ViewState, keys: readonly string[]): number {
  const found = state.follow && state.cursorKey !== undefined ? keys.indexOf(state.cursorKey) : -1
  return found >= 0 ? found : Math.min(state.cursorRow, Math.max(0, keys.length - 1))
}

/** The first visible row, so that the cursor is in sight and no line is left empty without need. */
export function firstVisible(cursor: number, total: number, height: number, before: number): number {
  const lowest = Math.max(0, total - height)
  const top = Math.min(before, lowest)
  if (cursor < top) return cursor
  if (cursor >= top + height) return Math.min(lowest, cursor - height + 1)
  return top
}
