/**
 * help — the help page: keys on the left, state letters on the right. Pure; from the tables.
 */
import {IDLE, STATES, UNSEEN} from '../children/states.ts'
import {type Action, BINDINGS, keyHelp} from '../keys.ts'
import {REPLAY_HELP} from '../replay/control.ts'

/** Without those whose keys a recording takes. */
const LIVE_ACTIONS: ReadonlySet<Action> = new Set(
  BINDINGS.map(({action}) => action).filter(action => action !== 'pause'),
)

const LEFT_COLUMN = 44
const RIGHT_COLUMN = 36

export function helpLines(readOnly: boolean, columns: number, isReplay = false): readonly string[] {
  const keys = [
    'KEYS',
    ...keyHelp(readOnly, isReplay ? LIVE_ACTIONS : undefined).map(
      ([keys, help]) => `  ${keys.padEnd(11)} ${help}`,
    ),
    '  ctrl-c      quit',
    ...(isReplay
      ? ['', 'RECORDING', ...REPLAY_HELP.map(([keys, help]) => `  ${keys.padEnd(13)} ${help}`)]
      : []),
  ]
  const letters = [
    'STATES',
    ...STATES.map(({letter, help}) => `  ${letter}  ${help}`),
    `  ${IDLE}  idle: a dot for each second`,
    `  ${UNSEEN}  busy, but not seen with what`,
    '  >  longer than there is room',
  ]
  if (columns < LEFT_COLUMN + RIGHT_COLUMN) return [...letters, '', ...keys]
  return Array.from({length: Math.max(keys.length, letters.length)}, (_, i) =>
    `${(keys[i] ?? '').padEnd(LEFT_COLUMN)}${letters[i] ?? ''}`.trimEnd(),
  )
}
