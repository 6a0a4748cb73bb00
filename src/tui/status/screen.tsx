/**
 * screen — the status screen: the verdict, a line a section, and what to do; of several hosts a line a host first.
 *
 * Enter looks closer (host, section), escape goes back. Reads the watch's snapshots and keeps only where the
 * viewer is (view-state.ts). One `useInput` stays active for the life of the screen, or the terminal would leave
 * raw mode.
 */
import {Box, Text, useApp, useInput, useStdin, useWindowSize} from 'ink'
import {type ReactElement, useMemo, useSyncExternalStore} from 'react'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {SILENCE_MS} from '../children/feed.ts'
import {type Action, bindingOf, keyHelp, keyNames, STATUS_ACTIONS} from '../keys.ts'
import {moveActions} from '../list-actions.ts'
import {clockText} from '../nanny/header.ts'
import {REPLAY_HELP, replayMark} from '../replay/control.ts'
import {useReplay} from '../replay/use-replay.ts'
import type {Theme} from '../theme.ts'
import {useLatestReducer} from '../use-latest-reducer.ts'
import {assess, type Section} from './assess.ts'
import type {AssessedHost} from './json.ts'
import {hostHeading, hostLine, type Line, paintOf, sectionLines, warningLines} from './pages.ts'
import {hostName, verdictText} from './text.ts'
import type {Limits} from './thresholds.ts'
import {initialView, reduceStatusView, type StatusView} from './view-state.ts'
import type {StatusSnapshot, StatusWatch} from './watch.ts'

export interface StatusScreenProps {
  readonly watch: Pick<StatusWatch, 'getSnapshot' | 'subscribe'>
  readonly limits: Limits
  readonly theme: Theme
  /** of recordings */
  readonly clock?: ReplayClock | undefined
}

/** Title, verdict and footer. */
const FIXED_LINES = 3
/** Details below the sections have at least so many lines, a gap and a heading among them. */
const LEAST_DETAILS = 4

export function StatusScreen({watch, limits, theme, clock}: StatusScreenProps): ReactElement {
  const {columns: width, rows: lines} = useWindowSize()
  const {exit} = useApp()
  const {isRawModeSupported} = useStdin()
  const live = useSyncExternalStore(watch.subscribe, watch.getSnapshot)
  const [view, current, dispatch] = useLatestReducer(reduceStatusView, () => initialView(live.hosts.length))
  const replay = useReplay(clock)
  const snapshot = view.frozen ?? live
  const hosts = useMemo(() => assessAll(snapshot, limits), [snapshot, limits])
  const host = hosts[view.host] ?? hosts[0]
  const section = host?.assessment.sections[view.section]
  const height = Math.max(1, lines - FIXED_LINES)

  const last = () => {
    switch (current().level) {
      case 'hosts':
        return hosts.length - 1
      case 'sections':
        return (host?.assessment.sections.length ?? 1) - 1
      case 'details':
        return Math.max(0, (section?.details.length ?? 0) - height)
    }
  }
  const move = (by: number) => dispatch({type: 'move', by, last: last()})
  const back = () => dispatch({type: 'back', hosts: hosts.length})
  const actions: Readonly<Partial<Record<Action, () => void>>> = {
    quit: () => exit(),
    help: () => dispatch({type: 'help'}),
    ...moveActions(move, height),
    pause: () => dispatch({type: 'pause', snapshot: live}),
    open: () => dispatch({type: 'open'}),
  }
  const onKey = (name: string) => {
    if (replay.onKey(name)) return
    const action = bindingOf(name)?.action
    const act = action === undefined ? undefined : actions[action]
    if (act) return act()
    if (name === 'escape' || name === 'backspace') return back()
    if (name.length === 1) dispatch({type: 'say', message: `no such key: ${name}  ? shows the keys`})
  }
  useInput((input, key) => keyNames(input, key).forEach(onKey), {isActive: isRawModeSupported})

  const body = (): readonly Line[] => {
    const plain = (texts: readonly string[]) => texts.map(text => ({text, paint: (same: string) => same}))
    if (view.help) {
      const known = [...keyHelp(true, STATUS_ACTIONS), ...(clock ? REPLAY_HELP : [])]
      return plain(known.map(([keys, help]) => `  ${keys.padEnd(11)} ${help}`))
    }
    const heading = ({name}: Section): Line => ({text: name.padEnd(width), paint: theme.heading})
    if (!host) return []
    if (view.level === 'details') {
      const details = section?.details ?? []
      const top = Math.min(view.top, Math.max(0, details.length - height))
      return plain(details.length > 0 ? details.slice(top, top + height) : ['no more is told'])
    }
    const list =
      view.level === 'hosts' ? hosts.map(each => hostLine(each, theme)) : sectionLines(host.assessment, theme)
    const cursor = view.level === 'hosts' ? view.host : view.section
    const first = Math.max(0, cursor - height + 1)
    const shown = list.slice(first, first + height).map((line, i) => {
      const padded = first + i === cursor ? line.text.slice(0, width).padEnd(width) : line.text
      return first + i === cursor ? {text: padded, paint: theme.selected} : line
    })
    if (view.level === 'hosts') return shown
    const warnings = warningLines(host.assessment.warnings, width, theme)
    const gap = plain([''])
    const said = [...shown, ...(warnings.length > 0 ? gap : []), ...warnings]
    // where there is room, more of the section under the cursor
    const hasRoom = said.length + LEAST_DETAILS <= height
    const more = section && hasRoom && section.details.length > 0
    return [...said, ...(more ? [...gap, heading(section), ...plain(section.details)] : [])].slice(0, height)
  }
  return (
    <Box flexDirection="column" height={lines} width={width} overflow="hidden">
      <Text wrap="truncate">{titleLine(snapshot, view, host, section?.name, width, theme, clock)}</Text>
      <Text wrap="truncate">{verdictLine(view, host, width, theme)}</Text>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        <Text wrap="truncate">
          {body()
            .map(({text, paint}) => paint(text.slice(0, width) || ' '))
            .join('\n')}
        </Text>
      </Box>
      <Text wrap="truncate">
        {replay.footer ?? view.message ?? footer(view, hosts.length, theme, clock !== undefined)}
      </Text>
    </Box>
  )
}

function assessAll({hosts}: StatusSnapshot, limits: Limits): readonly AssessedHost[] {
  return hosts.map(facts => ({facts, assessment: assess(facts, limits, isYoung({facts}))}))
}

function titleLine(
  {nowMs, hosts}: StatusSnapshot,
  view: StatusView,
  host: AssessedHost | undefined,
  section: string | undefined,
  width: number,
  theme: Theme,
  clock: ReplayClock | undefined,
): string {
  const shown = view.level === 'hosts' || !host ? hosts : [host.facts]
  const heard = shown.flatMap(({bus}) => bus.heardMs ?? [])
  const oldestMs = heard.length < shown.length ? undefined : Math.min(...heard)
  const stale = oldestMs !== undefined && nowMs - oldestMs > SILENCE_MS
  const age = oldestMs === undefined ? 'no data yet' : stale ? `no data since ${clockText(oldestMs)}` : 'live'
  const right = clock
    ? replayMark(clock, clock.now())
    : `${view.frozen ? 'PAUSED  ' : ''}${clockText(nowMs)}  ${age}`
  const what =
    view.level === 'hosts' || !host
      ? `${hosts.length} hosts`
      : `${hostName(host.facts)}${view.level === 'details' ? `  ${section ?? ''}` : ''}`
  const room = Math.max(0, width - right.length - 2)
  const left = `amavis status  ${what}`.slice(0, room).padEnd(room + 2)
  const isOff = clock !== undefined || stale || oldestMs === undefined || view.frozen !== undefined
  return theme.title(left) + (isOff ? theme.status.warning : theme.faint)(right)
}

function verdictLine(view: StatusView, host: AssessedHost | undefined, width: number, theme: Theme): string {
  if (view.level === 'hosts') return theme.heading(hostHeading().slice(0, width).padEnd(width))
  if (!host || (isYoung(host) && host.facts.bus.heardMs === undefined)) return 'listening'
  const text = verdictText(host.assessment)
  const {level} = host.assessment
  return level === 'ok' ? theme.status.ok(text) : paintOf(level, theme)(text)
}

/** A moment is needed to hear of everything: until then silence is no trouble. */
function isYoung({facts}: Pick<AssessedHost, 'facts'>): boolean {
  return facts.watchedMs < SILENCE_MS
}

const REPLAY_KEYS = [
  ['space', 'hold'],
  ['←→', '10 s'],
  ['[ ]', '1 min'],
  ['+-', 'speed'],
  ['t', 'go to'],
] as const

function footer({help, level}: StatusView, hosts: number, theme: Theme, isReplay: boolean): string {
  const keys: readonly (readonly [string, string])[] = [
    ['q', 'quit'],
    ['?', help ? 'back' : 'help'],
    ...(level === 'details' ? [] : [['enter', level === 'hosts' ? 'host' : 'look closer'] as const]),
    ...(level === 'details' || (level === 'sections' && hosts > 1) ? [['esc', 'back'] as const] : []),
    ...(isReplay ? REPLAY_KEYS : [['space', 'pause'] as const]),
  ]
  return keys.map(([key, word]) => `${theme.key(key)} ${word}`).join('  ')
}
