/**
 * view-state — where the viewer of the status screen is: hosts, one host's sections, one section. A reducer, pure.
 */
import type {StatusSnapshot} from './watch.ts'

export interface StatusView {
  readonly level: 'hosts' | 'sections' | 'details'
  readonly help: boolean
  /** which host and which section is under the cursor, or looked at */
  readonly host: number
  readonly section: number
  /** first line shown of a section's details */
  readonly top: number
  /** the picture that is held */
  readonly frozen: StatusSnapshot | undefined
  /** one line for the viewer, until the next key */
  readonly message: string | undefined
}

/** Of several hosts all are shown first. */
export function initialView(hosts: number): StatusView {
  return {
    level: hosts > 1 ? 'hosts' : 'sections',
    help: false,
    host: 0,
    section: 0,
    top: 0,
    frozen: undefined,
    message: undefined,
  }
}

export type StatusEvent =
  /** `last` is the largest number that the cursor, or the first line, can have */
  | {readonly type: 'move'; readonly by: number; readonly last: number}
  | {readonly type: 'open'}
  /** one level up; `hosts`: how many there are */
  | {readonly type: 'back'; readonly hosts: number}
  | {readonly type: 'help'}
  | {readonly type: 'pause'; readonly snapshot: StatusSnapshot}
  | {readonly type: 'say'; readonly message: string}

export function reduceStatusView(state: StatusView, event: StatusEvent): StatusView {
  const quiet = {...state, message: undefined}
  switch (event.type) {
    case 'move': {
      const moved = (from: number) => Math.max(0, Math.min(event.last, from + event.by))
      if (state.level === 'hosts') return {...quiet, host: moved(state.host)}
      if (state.level === 'sections') return {...quiet, section: moved(state.section)}
      return {...quiet, top: moved(state.top)}
    }
    case 'open':
      if (state.level === 'hosts') return {...quiet, level: 'sections', section: 0}
      if (state.level === 'sections') return {...quiet, level: 'details', top: 0}
      return {...quiet, level: 'sections'}
    case 'back':
      if (state.help) return {...quiet, help: false}
      if (state.level === 'details') return {...quiet, level: 'sections'}
      return {...quiet, level: event.hosts > 1 ? 'hosts' : 'sections'}
    case 'help':
      return {...quiet, help: !state.help}
    case 'pause':
      return {...quiet, frozen: state.frozen ? undefined : event.snapshot}
    case 'say':
      return {...state, message: event.message}
  }
}
