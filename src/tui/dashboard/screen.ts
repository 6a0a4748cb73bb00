/**
 * screen — the dashboard on the terminal: tabs above, a page of widgets, keys below.
 *
 * Drawn once a second, and at once after a key. blessed knows the terminals that terminfo knows; others are spoken to
 * as to an xterm. Nothing is left behind: leaving restores the screen, the cursor and the mouse.
 */
import blessed, {type Widgets} from 'blessed'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {busLabel} from '../nanny/rows.ts'
import {REPLAY_BINDINGS, replayMark} from '../replay/control.ts'
import {hasLightBackground} from '../theme.ts'
import {PAGES} from './pages.ts'
import {RANGES} from './series.ts'
import type {DashboardStore} from './store.ts'
import {COLOURS, type Draw, makeWidget} from './widgets.ts'

/** Data older than this is said to be old. */
const STALE_MS = 5000
const SMALLEST = {columns: 60, rows: 16}

const KEYS: readonly (readonly [keys: string, help: string])[] = [
  ['1-4, tab', 'page'],
  ['+ -', 'longer, shorter time'],
  ['n', 'next host, or all'],
  ['space', 'pause'],
  ['?', 'these keys'],
  ['q', 'leave'],
]

export interface DashboardOptions {
  readonly store: DashboardStore
  readonly clock?: ReplayClock | undefined
  readonly environment: NodeJS.ProcessEnv
}

/** @returns ends it; `left` resolves when the viewer has gone */
export function openDashboard({store, clock, environment}: DashboardOptions): {
  readonly left: Promise<void>
  leave(): void
} {
  const screen = blessed.screen({
    smartCSR: true,
    fullUnicode: true,
    terminal: terminalOf(environment['TERM']),
    output: withoutColours(environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== ''),
  } as Widgets.IScreenOptions)
  const colours = COLOURS[hasLightBackground(environment) ? 'light' : 'dark']
  let page = 0
  let range = 0
  let host: string | undefined
  let isPaused = false
  let isHelp = false
  let draws: readonly Draw[] = []
  const top = blessed.box({top: 0, left: 0, width: '100%', height: 1, tags: false, mouse: true})
  const bottom = blessed.box({bottom: 0, left: 0, width: '100%', height: 1, tags: false})

  const build = () => {
    for (const child of [...screen.children]) child.detach()
    screen.append(top)
    screen.append(bottom)
    const isTooSmall = Number(screen.width) < SMALLEST.columns || Number(screen.height) < SMALLEST.rows
    if (isTooSmall || isHelp) {
      const lines = isTooSmall
        ? [`The window is too small: ${SMALLEST.columns}x${SMALLEST.rows} at least.`]
        : KEYS.map(([keys, help]) => `${keys.padEnd(10)} ${help}`)
      screen.append(
        blessed.box({top: 2, left: 2, width: 'shrink', height: lines.length, content: lines.join('\n')}),
      )
      draws = []
    } else draws = PAGES[page]!.widgets.map(placed => makeWidget(screen, placed, colours))
    screen.realloc()
  }
  const draw = () => {
    top.setContent(header())
    bottom.setContent(footer())
    for (const widget of draws) widget({view: store, host, range: RANGES[range]!})
    screen.render()
  }
  const header = () => {
    const tabs = PAGES.map(({name}, n) => (n === page ? `[${n + 1} ${name}]` : ` ${n + 1} ${name} `)).join('')
    const who =
      host === undefined ? `all ${store.hosts.length || ''} hosts`.replace('  ', ' ') : busLabel(host)
    const {heardMs, nowMs} = store
    const age =
      heardMs === undefined
        ? 'waiting for the bus'
        : nowMs - heardMs > STALE_MS
          ? `no data for ${Math.round((nowMs - heardMs) / 1000)} s`
          : 'live'
    const state = clock ? replayMark(clock, nowMs) : isPaused ? 'PAUSED' : age
    const right = `${store.hosts.length > 1 ? `${who}  ` : ''}${RANGES[range]!.label}  ${state}`
    const room = Math.max(0, Number(screen.width) - right.length - 1)
    return `${`amavis ${tabs}`.slice(0, room).padEnd(room)} ${right}`
  }
  const footer = () =>
    [
      '1-4 page',
      '+- time',
      ...(store.hosts.length > 1 ? ['n host'] : []),
      clock ? '←→ 10 s' : 'space pause',
      '? keys',
      'q leave',
    ].join('  ')
  const show = (next: number) => {
    page = (next + PAGES.length) % PAGES.length
    isHelp = false
    build()
    draw()
  }
  const zoom = (by: number) => {
    range = Math.max(0, Math.min(RANGES.length - 1, range + by))
    draw()
  }
  const left = Promise.withResolvers<void>()
  const leave = () => {
    clearInterval(timer)
    screen.destroy()
    left.resolve()
  }
  const nextHost = () => {
    const {hosts} = store
    host = hosts[host === undefined ? 0 : hosts.indexOf(host) + 1]
    draw()
  }
  screen.on('keypress', (char: string | undefined, key: {readonly full?: string; readonly name?: string}) => {
    const name = key?.full ?? char ?? ''
    if (name === 'q' || name === 'C-c') return leave()
    const replay =
      clock && REPLAY_BINDINGS.find(({keys}) => keys.includes(name) && !['+', '-'].includes(name))
    if (replay && clock) {
      replay.act(clock)
      return draw()
    }
    if (/^[1-4]$/.test(char ?? '')) return show(Number(char) - 1)
    if (name === 'tab' || name === 'right') return show(page + 1)
    if (name === 'S-tab' || name === 'left') return show(page - 1)
    if (char === '+' || char === '=') return zoom(1)
    if (char === '-') return zoom(-1)
    if (char === 'n') return nextHost()
    if (char === '?' || char === 'h') {
      isHelp = !isHelp
      build()
      return draw()
    }
    if (name === 'space') {
      isPaused = !isPaused
      return draw()
    }
  })
  top.on('click', ({x}: {readonly x: number}) => {
    let at = 'amavis '.length
    for (const [n, {name}] of PAGES.entries()) {
      at += name.length + 4
      if (x < at) return show(n)
    }
  })
  screen.on('wheelup', () => zoom(-1))
  screen.on('wheeldown', () => zoom(1))
  screen.on('resize', () => {
    build()
    draw()
  })
  const timer = setInterval(() => {
    store.tick()
    if (!isPaused) draw()
  }, 1000)
  build()
  draw()
  return {left: left.promise, leave}
}

/**
 * The description that blessed is to use. Of all others than these it finds none, or one with capabilities that it
 * complains about on standard error.
 */
function terminalOf(term: string | undefined): string {
  if (term !== undefined && /^(?:linux|vt\d{3}|ansi|xterm|xterm-256color)$/.test(term)) return term
  return /256color|direct|kitty|alacritty|ghostty|foot|wezterm/.test(term ?? '') ? 'xterm-256color' : 'xterm'
}

/** Standard output, where wanted without the sequences that set colours. */
function withoutColours(isPlain: boolean): NodeJS.WriteStream {
  if (!isPlain) return process.stdout
  return Object.create(process.stdout, {
    write: {
      value: (data: string | Uint8Array) =>
        process.stdout.write(
          String(data).replace(/\x1b\[([\d;]*)m/g, (_, codes: string) => {
            const kept = codes.split(';').filter(code => /^(?:0?|1|2|4|7|22|24|27)$/.test(code))
            return /38|48/.test(codes) || kept.length === 0 ? '' : `\x1b[${kept.join(';')}m`
          }),
        ),
    },
  }) as NodeJS.WriteStream
}
