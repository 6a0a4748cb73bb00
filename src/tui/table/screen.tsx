/**
 * screen — a table on the whole terminal: title, summary, heading, rows, footer.
 *
 * What the rows are is the source's; this knows the viewer's wishes (table-view.ts) and the keys. Draws the
 * visible rows and no others. One `useInput` stays active for the life of the screen, or the terminal would
 * leave raw mode.
 */
import {Box, Text, useApp, useInput, useStdin, useWindowSize} from 'ink'
import {type ReactElement, useRef, useSyncExternalStore} from 'react'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {type Action, bindingOf, keyHelp, keyNames, TABLE_ACTIONS, visibleBindings} from '../keys.ts'
import {listActions} from '../list-actions.ts'
import {clockText} from '../nanny/header.ts'
import {REPLAY_HELP, replayMark} from '../replay/control.ts'
import {useReplay} from '../replay/use-replay.ts'
import type {Theme} from '../theme.ts'
import {useLatestReducer} from '../use-latest-reducer.ts'
import {INITIAL_TABLE_VIEW, reduceTableView, type TableView} from './table-view.ts'

export interface TableContent {
  readonly summary: string
  readonly heading: string
  readonly rows: readonly string[]
}

/** Where a table comes from; a snapshot of it stays as it is while the screen is paused. */
export interface TableSource<T extends {readonly nowMs: number; readonly heardMs: number | undefined}> {
  readonly name: string
  /** names of the columns that rows can be sorted by */
  readonly columns: readonly string[]
  /** data older than this is said to be old */
  readonly staleMs: number
  /** shown before anything was heard */
  readonly waiting: readonly string[]
  getSnapshot(): T
  subscribe(listener: () => void): () => void
  draw(snapshot: T, view: DrawView): TableContent
}

export interface DrawView {
  readonly filter: RegExp | undefined
  /** one of the source's columns */
  readonly sort: string
  readonly reversed: boolean
  readonly width: number
}

/** Title, summary, heading and footer. */
const FIXED_LINES = 4

export function TableScreen<T extends {readonly nowMs: number; readonly heardMs: number | undefined}>({
  source,
  title,
  theme,
  clock,
  filter = '',
}: {
  readonly source: TableSource<T>
  readonly title: string
  readonly theme: Theme
  /** of recordings */
  readonly clock?: ReplayClock | undefined
  /** a regular expression to begin with */
  readonly filter?: string | undefined
}): ReactElement {
  const {columns: width, rows: lines} = useWindowSize()
  const {exit} = useApp()
  const {isRawModeSupported} = useStdin()
  const live = useSyncExternalStore(source.subscribe, source.getSnapshot)
  const frozen = useRef<T>(undefined)
  const [view, current, dispatch] = useLatestReducer(reduceTableView, {...INITIAL_TABLE_VIEW, filter})
  const replay = useReplay(clock)
  const snapshot = frozen.current ?? live
  const height = Math.max(1, lines - FIXED_LINES)
  const drawn = source.draw(snapshot, {
    filter: patternOf(view.filter),
    sort: source.columns[view.sort % source.columns.length] ?? '',
    reversed: view.reversed,
    width,
  })
  const beyond = Math.max(0, drawn.rows.length - height)
  const top = Math.min(view.top, beyond)
  const move = (by: number) => dispatch({type: 'move', by, beyond})
  const sort = (by: number) => dispatch({type: 'sort', by, columns: source.columns})
  const actions: Readonly<Partial<Record<Action, () => void>>> = {
    ...listActions({exit, height, move, sort, mode: () => current().mode, dispatch}),
    pause: () => {
      frozen.current = frozen.current ? undefined : live
      dispatch({type: 'mode', mode: 'list'})
    },
  }
  const onKey = (name: string) => {
    if (current().mode === 'filter') return dispatch({type: 'typed', key: name})
    if (replay.onKey(name)) return
    const action = bindingOf(name)?.action
    const act = action === undefined ? undefined : actions[action]
    if (act) return act()
    if (name === 'escape') return dispatch({type: 'clear'})
    if (name.length === 1) dispatch({type: 'say', message: `no such key: ${name}  ? shows the keys`})
  }
  useInput((input, key) => keyNames(input, key).forEach(onKey), {isActive: isRawModeSupported})

  const body = () => {
    if (view.mode === 'help')
      return [...keyHelp(true, TABLE_ACTIONS), ...(clock ? REPLAY_HELP : [])].map(
        ([keys, help]) => `  ${keys.padEnd(11)} ${help}`,
      )
    if (snapshot.heardMs === undefined) return source.waiting
    return drawn.rows.slice(top, top + height)
  }
  const {heardMs, nowMs} = snapshot
  const stale = heardMs !== undefined && nowMs - heardMs > source.staleMs
  const age = heardMs === undefined ? 'no data yet' : stale ? `no data since ${clockText(heardMs)}` : 'live'
  const right = clock
    ? replayMark(clock, clock.now())
    : `${frozen.current ? 'PAUSED  ' : ''}${clockText(nowMs)}  ${age}`
  const room = Math.max(0, width - right.length - 2)
  const left = `${source.name}  ${title}`.slice(0, room).padEnd(room + 2)
  const rows = body().join('\n')
  return (
    <Box flexDirection="column" height={lines} width={width} overflow="hidden">
      <Text wrap="truncate">
        {theme.title(left) + (stale || frozen.current || clock ? theme.status.warning : theme.faint)(right)}
      </Text>
      <Text wrap="truncate">{drawn.summary || ' '}</Text>
      <Text wrap="truncate">{theme.heading(drawn.heading.padEnd(width))}</Text>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        <Text wrap="truncate">{stale ? theme.faint(rows) : rows}</Text>
      </Box>
      <Text wrap="truncate">{replay.footer ?? footer(view, theme)}</Text>
    </Box>
  )
}

function footer({mode, filter, message}: TableView, theme: Theme): string {
  if (mode === 'filter') {
    const remark =
      filter !== '' && patternOf(filter) === undefined ? 'not a regular expression yet' : 'enter keeps it'
    return `filter (regular expression): ${filter}_   ${remark}   esc clears it`
  }
  if (message !== undefined) return message
  const kept = filter === '' ? '' : `filter ${filter}   `
  return (
    kept +
    visibleBindings(true)
      .filter(({action}) => TABLE_ACTIONS.has(action))
      .flatMap(({footer}) => (footer === undefined ? [] : [footer]))
      .map(text =>
        text.replace(/^(.*) (\S+)$/, (_, key: string, word: string) => `${theme.key(key)} ${word}`),
      )
      .join('  ')
  )
}

/** Upper and lower case alike; undefined for none, and for what is no regular expression. */
export function patternOf(filter: string): RegExp | undefined {
  try {
    return filter === '' ? undefined : new RegExp(filter, 'i')
  } catch {
    return undefined
  }
}
