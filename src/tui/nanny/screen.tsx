/**
 * screen — the nanny screen: header, one line a child, footer.
 *
 * Reads the store's snapshots and keeps only what the viewer did (view-state.ts). Draws the visible rows
 * and no others; a row is one text, drawn again only when it changed. One `useInput` stays active for the
 * life of the screen, or the terminal would leave raw mode.
 */
import {Box, Text, useApp, useInput, useStdin, useWindowSize} from 'ink'
import {memo, type ReactElement, useEffect, useRef, useState, useSyncExternalStore} from 'react'
import type {Processes} from '../../bus/minder-table.ts'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {endChild, type RetireChild, whyNotEnd} from '../children/local.ts'
import {MemoryTable, memoryReader} from '../children/memory.ts'
import type {DetailsLevel} from '../children/states.ts'
import type {ChildStore, Snapshot} from '../children/store.ts'
import {type Child, childKey} from '../children/table.ts'
import {type Action, bindingOf, keyNames} from '../keys.ts'
import {listActions} from '../list-actions.ts'
import {replayMark} from '../replay/control.ts'
import {useReplay} from '../replay/use-replay.ts'
import type {Theme} from '../theme.ts'
import {useLatestReducer} from '../use-latest-reducer.ts'
import {childPage} from './child-page.ts'
import {footerText, question, type Target} from './footer.ts'
import {knownUntilMs, silenceNotice, summaryLine, titleLine} from './header.ts'
import {helpLines} from './help.ts'
import {incidentPage} from './incident-page.ts'
import {paintRow} from './paint.ts'
import {formatRow, headingLine, layoutFor, type MemoryOf, selectChildren} from './rows.ts'
import {
  cursorIn,
  firstVisible,
  INITIAL_VIEW,
  reduceView,
  type ViewEvent,
  type ViewState,
} from './view-state.ts'

export interface ScreenProps {
  readonly store: ChildStore
  readonly endpoints: readonly string[]
  readonly title: string
  readonly readOnly: boolean
  readonly theme: Theme
  readonly processes: Processes
  /** states that are drawn at first */
  readonly details?: DetailsLevel
  /** undefined where there is no master to ask */
  readonly retire?: RetireChild | undefined
  /** of recordings; undefined for live buses */
  readonly clock?: ReplayClock | undefined
}

/** The kernel is asked for the memory of children so often. */
const MEMORY_MS = 2000

/** Title, summary, heading and footer. */
const FIXED_LINES = 4

export function NannyScreen(props: ScreenProps): ReactElement {
  const {store, endpoints, title, readOnly, theme, processes, details = 2, retire, clock} = props
  const {columns, rows: lines} = useWindowSize()
  const {exit} = useApp()
  const {isRawModeSupported} = useStdin()
  const live = useSyncExternalStore(store.subscribe, store.getSnapshot)
  const [view, current, dispatch] = useLatestReducer(reduceView, {...INITIAL_VIEW, details})
  const replay = useReplay(clock)
  const target = useRef<Target>(undefined)
  const [memory] = useState(() => new MemoryTable(memoryReader(processes)))
  const top = useRef(0)

  const snapshot = view.frozen ?? live
  const height = Math.max(1, lines - FIXED_LINES)
  const memoryOf: MemoryOf = child => memory.of(keyOf(child))
  const layout = layoutFor(columns, endpoints, view.memory)
  const select = (state: ViewState) => selectIn(state, live, memoryOf)
  const selected = select(view)
  const keys = selected.map(keyOf)
  const cursor = cursorIn(view, keys)
  top.current = firstVisible(cursor, keys.length, height, top.current)

  const visible = selected.slice(top.current, top.current + height)
  const inSight = useRef(visible)
  inSight.current = visible
  useEffect(() => {
    if (!view.memory) return
    const withKey = (child: Child) => [keyOf(child), child] as const
    const read = () =>
      memory.refresh(
        inSight.current.map(withKey),
        [...store.getSnapshot().table.children.values()].map(withKey),
      )
    read()
    const timer = setInterval(read, MEMORY_MS)
    return () => clearInterval(timer)
  }, [view.memory, memory, store])

  const underCursor = () => {
    const rows = select(current())
    return rows[cursorIn(current(), rows.map(keyOf))]
  }
  /** the child whose page is open, as it is now */
  const opened = view.mode === 'child' ? selected.find(child => keyOf(child) === view.cursorKey) : undefined
  const page =
    view.mode === 'incidents'
      ? incidentPage(store.incidents(), columns, endpoints.length > 1)
      : opened
        ? childPage(
            {
              child: opened,
              nowMs: knownUntilMs(snapshot, opened.endpoint) ?? snapshot.nowMs,
              finished: store.finishedOf(keyOf(opened)),
              memory: memoryReader(processes)(opened),
            },
            columns,
          )
        : []
  const beyond = Math.max(0, page.length - height)

  const move = (by: number) => {
    if (current().mode === 'child' || current().mode === 'incidents')
      return dispatch({type: 'scroll', by, beyond})
    dispatch({type: 'move', by, keys: select(current()).map(keyOf)})
  }
  const say = (message: string | undefined) => dispatch({type: 'say', message})
  const actions: Readonly<Record<Action, () => void>> = {
    ...listActions({
      exit,
      height,
      move,
      sort: by => dispatch({type: 'sort', by}),
      mode: () => current().mode,
      dispatch,
    }),
    incidents: () => dispatch({type: 'mode', mode: current().mode === 'incidents' ? 'list' : 'incidents'}),
    pause: () => dispatch({type: 'pause', snapshot: live}),
    follow: () => dispatch({type: 'follow', keys: select(current()).map(keyOf)}),
    details: () => dispatch({type: 'details'}),
    memory: () => dispatch({type: 'memory'}),
    open: () => {
      if (current().mode === 'child') return dispatch({type: 'mode', mode: 'list'})
      const child = underCursor()
      if (!child) return say('enter: not possible, there is no child under the cursor')
      dispatch({type: 'move', by: 0, keys: select(current()).map(keyOf)})
      dispatch({type: 'mode', mode: 'child'})
    },
    'retire-child': () => askFor('retire', 'R'),
    'end-child': () => askFor('kill', 'K'),
  }

  const askFor = (order: Target['order'], key: string) => {
    const child = underCursor()
    const reason = child ? whyNotEnd(child, readOnly) : 'there is no child under the cursor'
    if (child === undefined || reason !== undefined) return say(`${key}: not possible, ${reason}`)
    if (order === 'retire' && !retire) return say(`${key}: not possible, there is no master to ask`)
    target.current = {order, child}
    dispatch({type: 'mode', mode: 'confirm'})
  }

  const confirm = (name: string) => {
    if (name !== 'y' || target.current === undefined) return say('nothing was done')
    const {order, child} = target.current
    if (order === 'kill') {
      const result = endChild(child, processes)
      const done = `SIGTERM sent to ${child.pid}`
      return say(result.kind === 'signalled' ? done : `K: not possible, ${result.reason}`)
    }
    say(`asking the master to retire ${child.pid}`)
    void retire?.(child.pid).then(result => {
      const done = `child ${child.pid} ends when its mail is done`
      say(result.kind === 'signalled' ? done : `R: not possible, ${result.reason}`)
    })
  }

  const onKey = (name: string) => {
    const {mode, filter} = current()
    if (mode === 'confirm') return confirm(name)
    if (mode !== 'filter' && replay.onKey(name)) return
    if (mode === 'filter') return dispatch(filterEvent(name, filter))
    const binding = bindingOf(name)
    if (binding) return actions[binding.action]()
    if (name === 'escape') return dispatch({type: 'clear'})
    if (name.length === 1) say(`no such key: ${name}  ? shows the keys`)
  }
  useInput((input, key) => keyNames(input, key).forEach(onKey), {isActive: isRawModeSupported})

  const notice = silenceNotice(snapshot, endpoints)
  const mark = clock && replayMark(clock, clock.now())
  const footer = () => {
    if (replay.footer !== undefined) return replay.footer
    if (view.mode === 'filter') return `filter: ${view.filter}_   enter keeps it   esc clears it`
    if (view.mode === 'confirm') {
      return theme.status.warning(question(target.current))
    }
    return view.message ?? footerText(readOnly, clock !== undefined, theme)
  }
  const body = () => {
    if (view.mode === 'help') {
      return (
        <Text wrap="truncate">
          {helpLines(readOnly, columns, clock !== undefined)
            .slice(0, height)
            .join('\n')}
        </Text>
      )
    }
    if (snapshot.table.buses.size === 0) return <Waiting endpoints={endpoints} />
    if (view.mode === 'child' && !opened) return <Text>This child is gone. enter goes back.</Text>
    if (opened || view.mode === 'incidents') {
      const shown = page.slice(view.pageTop, view.pageTop + height)
      return <Text wrap="truncate">{shown.join('\n')}</Text>
    }
    return visible.map((child, i) => {
      const untilMs = knownUntilMs(snapshot, child.endpoint) ?? snapshot.nowMs
      const row = formatRow(child, untilMs, layout, view.details, view.memory ? memoryOf(child) : undefined)
      const text = paintRow(row, top.current + i === cursor, untilMs < snapshot.nowMs, theme)
      return <Line key={row.key} text={text} />
    })
  }
  return (
    <Box flexDirection="column" height={lines} width={columns}>
      <Line text={titleLine(title, snapshot, view.frozen !== undefined, columns, theme, mark)} />
      <Line text={summaryLine(snapshot, keys.length, view.filter, columns)} />
      <Line text={theme.heading(headingLine(layout, view.sort, view.reversed))} />
      <Box flexDirection="column" flexGrow={1}>
        {body()}
      </Box>
      <Line text={notice === undefined ? footer() : `${theme.status.error(notice)}  ${footer()}`} />
    </Box>
  )
}

function selectIn(
  {frozen, filter, sort, reversed}: ViewState,
  live: Snapshot,
  memoryOf: MemoryOf,
): readonly Child[] {
  const {table, nowMs} = frozen ?? live
  return selectChildren(table.children.values(), nowMs, filter, sort, reversed, memoryOf)
}

function keyOf(child: Child): string {
  return childKey(child.endpoint, child.pid)
}

/** What a key does while the filter is typed. */
function filterEvent(name: string, filter: string): ViewEvent {
  switch (name) {
    case 'return':
      return {type: 'mode', mode: 'list'}
    case 'escape':
      return {type: 'clear'}
    case 'backspace':
      return {type: 'filter', text: filter.slice(0, -1)}
    case 'space':
      return {type: 'filter', text: `${filter} `}
    default:
      return {type: 'filter', text: /^[\x21-\x7e]$/.test(name) ? filter + name : filter}
  }
}

const Line = memo(function Line({text}: {readonly text: string}): ReactElement {
  return <Text wrap="truncate">{text}</Text>
})

function Waiting({endpoints}: {readonly endpoints: readonly string[]}): ReactElement {
  const lines = [
    '',
    `waiting for the bus at ${endpoints.join(', ')}`,
    '',
    'The daemon ("amavis start") and its services ("amavis mc") must run;',
    'another bus is named with --connect or AMAVIS_CONNECT.',
  ]
  return <Text wrap="truncate">{lines.join('\n')}</Text>
}
