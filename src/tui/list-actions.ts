/**
 * list-actions — what the keys do that all lists have.
 */
import type {Action} from './keys.ts'

type ListAction =
  | 'quit'
  | 'help'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'filter'
  | 'sort-next'
  | 'sort-previous'
  | 'reverse'

export interface ListControls {
  readonly exit: () => void
  /** rows that fit */
  readonly height: number
  readonly move: (by: number) => void
  readonly sort: (by: 1 | -1) => void
  readonly mode: () => string
  readonly dispatch: (
    event: {readonly type: 'mode'; readonly mode: 'help' | 'list' | 'filter'} | {readonly type: 'reverse'},
  ) => void
}

export function listActions(list: ListControls): Readonly<Record<ListAction & Action, () => void>> {
  const {exit, height, move, sort, mode, dispatch} = list
  return {
    quit: exit,
    help: () => dispatch({type: 'mode', mode: mode() === 'help' ? 'list' : 'help'}),
    up: () => move(-1),
    down: () => move(1),
    'page-up': () => move(-height),
    'page-down': () => move(height),
    first: () => move(-Infinity),
    last: () => move(Infinity),
    filter: () => dispatch({type: 'mode', mode: 'filter'}),
    'sort-next': () => sort(1),
    'sort-previous': () => sort(-1),
    reverse: () => dispatch({type: 'reverse'}),
  }
}
