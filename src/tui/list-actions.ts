/**
 * list-actions — what the keys do that all lists have.
 */
import type {ListAction, Move} from './keys.ts'

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

export function listActions(list: ListControls): Readonly<Record<ListAction, () => void>> {
  const {exit, height, move, sort, mode, dispatch} = list
  return {
    quit: exit,
    help: () => dispatch({type: 'mode', mode: mode() === 'help' ? 'list' : 'help'}),
    ...moveActions(move, height),
    filter: () => dispatch({type: 'mode', mode: 'filter'}),
    'sort-next': () => sort(1),
    'sort-previous': () => sort(-1),
    reverse: () => dispatch({type: 'reverse'}),
  }
}

/** @param height rows that fit */
export function moveActions(move: (by: number) => void, height: number): Readonly<Record<Move, () => void>> {
  return {
    up: () => move(-1),
    down: () => move(1),
    'page-up': () => move(-height),
    'page-down': () => move(height),
    first: () => move(-Infinity),
    last: () => move(Infinity),
  }
}
