/**
 * use-latest-reducer — the viewer's state, and how to read it between two renders: one input may hold several keys.
 */
import {useRef, useState} from 'react'

/** The state as it was drawn, the state as it is, and what changes it. */
export function useLatestReducer<State, Event>(
  reduce: (state: State, event: Event) => State,
  initial: State | (() => State),
): readonly [state: State, latest: () => State, dispatch: (event: Event) => void] {
  const [state, setState] = useState(initial)
  const latest = useRef(state)
  const dispatch = (event: Event) => {
    latest.current = reduce(latest.current, event)
    setState(latest.current)
  }
  return [state, () => latest.current, dispatch]
}
