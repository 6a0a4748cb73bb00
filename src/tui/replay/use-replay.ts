/**
 * use-replay — a screen's side of a recording: its keys, the moment being typed, and its lines.
 */
import {useRef, useState} from 'react'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {GOTO_KEY, goTo, REPLAY_BINDINGS} from './control.ts'

export interface ReplayKeys {
  /** @returns whether the key was the recording's; to be asked before a screen's own keys, in its lists */
  onKey(name: string): boolean
  /** whether keys are text now, for whatever mode the screen is in */
  readonly typing: () => boolean
  /** shown in place of the footer */
  readonly footer: string | undefined
}

const NONE: ReplayKeys = {onKey: () => false, typing: () => false, footer: undefined}

/** @param clock undefined for live buses: then no key is taken */
export function useReplay(clock: ReplayClock | undefined): ReplayKeys {
  const [{footer}, set] = useState<{readonly footer: string | undefined}>({footer: undefined})
  // a new object each time: the clock has changed, and the header with it
  const setFooter = (text: string | undefined) => set({footer: text})
  const typed = useRef<string>(undefined)
  if (!clock) return NONE
  const type = (text: string | undefined) => {
    typed.current = text
    setFooter(
      text === undefined ? undefined : `go to (14:03, 2026-11-22T14:03): ${text}_   enter goes   esc stays`,
    )
  }
  const onTyped = (name: string, text: string) => {
    if (name === 'escape') type(undefined)
    else if (name === 'backspace') type(text.slice(0, -1))
    else if (name === 'return') {
      typed.current = undefined
      setFooter(goTo(clock, text))
    } else if (/^[\x21-\x7e]$/.test(name) && text.length < 40) type(text + name)
  }
  return {
    footer,
    typing: () => typed.current !== undefined,
    onKey(name) {
      if (typed.current !== undefined) {
        onTyped(name, typed.current)
        return true
      }
      if (name === GOTO_KEY) {
        type('')
        return true
      }
      const binding = REPLAY_BINDINGS.find(({keys}) => keys.includes(name))
      setFooter(binding?.act(clock))
      return binding !== undefined
    },
  }
}
