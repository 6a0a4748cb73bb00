/**
 * table-view — what the viewer has done to a table: place, order, filter. A reducer, pure.
 */

export interface TableView {
  readonly mode: 'list' | 'filter' | 'help'
  /** first row shown */
  readonly top: number
  /** index of the column in use */
  readonly sort: number
  readonly reversed: boolean
  /** a regular expression as typed */
  readonly filter: string
  /** one line for the viewer, until the next key */
  readonly message: string | undefined
}

export const INITIAL_TABLE_VIEW: TableView = {
  mode: 'list',
  top: 0,
  sort: 0,
  reversed: false,
  filter: '',
  message: undefined,
}

export type TableEvent =
  /** `beyond` rows are more than fit */
  | {readonly type: 'move'; readonly by: number; readonly beyond: number}
  | {readonly type: 'sort'; readonly by: number; readonly columns: readonly string[]}
  | {readonly type: 'reverse' | 'clear'}
  | {readonly type: 'mode'; readonly mode: TableView['mode']}
  /** a key while the filter is typed */
  | {readonly type: 'typed'; readonly key: string}
  | {readonly type: 'say'; readonly message: string}

export function reduceTableView(state: TableView, event: TableEvent): TableView {
  switch (event.type) {
    case 'move':
      return {...state, top: Math.max(0, Math.min(event.beyond, state.top + event.by)), message: undefined}
    case 'sort': {
      const {length} = event.columns
      const sort = (state.sort + event.by + length) % length
      return {...state, sort, message: `sorted by ${event.columns[sort]}`}
    }
    case 'reverse':
      return {...state, reversed: !state.reversed, message: undefined}
    case 'mode':
      return {...state, mode: event.mode, message: undefined}
    case 'clear':
      return {...state, mode: 'list', filter: '', top: 0, message: undefined}
    case 'say':
      return {...state, message: event.message}
    case 'typed':
      return typed(state, event.key)
  }
}

function typed(state: TableView, key: string): TableView {
  switch (key) {
    case 'return':
      return {...state, mode: 'list', top: 0}
    case 'escape':
      return {...state, mode: 'list', filter: '', top: 0}
    case 'backspace':
      return {...state, filter: state.filter.slice(0, -1)}
    case 'space':
      return {...state, filter: `${state.filter} `}
    default:
      return /^[\x21-\x7e]$/.test(key) ? {...state, filter: state.filter + key} : state
  }
}
