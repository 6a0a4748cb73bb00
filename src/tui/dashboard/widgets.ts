/**
 * widgets — draws what a page names: charts, bars, the gauge, the table of slow mails, the end of the log.
 *
 * A widget is made for a page at a size and drawn again and again; a change of size makes it anew, as the canvases of
 * the charts have the size that they were made with. What others sent is cleaned where it is stored, and boxes that
 * show it know no markup.
 */
import blessed, {type Widgets} from 'blessed'
import bar from 'blessed-contrib/lib/widget/charts/bar.js'
import line from 'blessed-contrib/lib/widget/charts/line.js'
import gauge from 'blessed-contrib/lib/widget/gauge.js'
import type {ChartSpec, Placed, WidgetSpec} from './pages.ts'
import {number, present} from './report.ts'
import {drawable, roundMaximum, timeLabel} from './scale.ts'
import type {Range} from './series.ts'
import type {DashboardView} from './store.ts'

export interface Shown {
  readonly view: DashboardView
  /** undefined: all together */
  readonly host: string | undefined
  readonly range: Range
}

/** Colours by the terminal's own names; what a background swallows is not among them. */
export interface Colours {
  readonly lines: readonly string[]
  readonly text: string
  readonly axis: string
}

export const COLOURS: Readonly<Record<'dark' | 'light', Colours>> = {
  dark: {lines: ['cyan', 'yellow', 'red', 'magenta', 'green', 'white'], text: 'white', axis: 'white'},
  light: {lines: ['blue', 'red', 'magenta', 'green', 'cyan', 'black'], text: 'black', axis: 'black'},
}

export type Draw = (shown: Shown) => void

/** Put a widget on the screen. @returns what draws it */
export function makeWidget(
  screen: Widgets.Screen,
  {row, column, rows, columns, widget}: Placed,
  colours: Colours,
): Draw {
  const {width, height} = {width: Number(screen.width), height: Number(screen.height) - 2}
  const top = Math.floor((row * height) / 12) + 1
  const left = Math.floor((column * width) / 12)
  const place = {
    top,
    left,
    width: Math.floor(((column + columns) * width) / 12) - left,
    height: Math.floor(((row + rows) * height) / 12) + 1 - top,
    border: {type: 'line'},
    label: ` ${widget.title} `,
  }
  switch (widget.kind) {
    case 'chart':
      return makeChart(screen, widget, place, colours)
    case 'bars':
      return makeBars(screen, widget, place, colours)
    case 'gauge':
      return makeGauge(screen, place, colours)
    case 'slow':
      return makeText(screen, place, slowLines)
    case 'log':
      return makeText(screen, place, logLines)
  }
}

interface Place {
  readonly width: number
  readonly height: number
  readonly label: string
}

function makeChart(screen: Widgets.Screen, spec: ChartSpec, place: Place, colours: Colours): Draw {
  const chart = line({
    ...place,
    tags: true,
    showLegend: false,
    wholeNumbersOnly: false,
    numYLabels: 4,
    style: {text: colours.text, baseline: colours.axis, line: colours.lines[0]},
  })
  screen.append(chart)
  const message = blessed.box({parent: chart, top: 'center', left: 'center', width: 'shrink', height: 1})
  const points = Math.max(10, place.width - 10)
  return ({view, host, range}) => {
    const until = Math.floor(view.nowMs / 1000)
    const lines = spec.series.map(({name}) => view.series(host, name).points(until, range, points))
    const {from, lines: drawn} = drawable(lines)
    const count = lines[0]?.length ?? 0
    const isEmpty = from >= count - 1
    message.setContent(isEmpty ? ' no data yet ' : '')
    message.hidden = !isEmpty
    chart.setLabel(legend(spec, {view, host, range}, colours, place.width - 4))
    const length = Math.max(2, count - from)
    const step = range.seconds / count
    const x = Array.from({length}, (_, n) =>
      timeLabel(Math.round(until - (length - 1 - n) * step), range.seconds <= 600),
    )
    chart.options.maxY = roundMaximum(Math.max(0, ...drawn.flat()))
    chart.setData(
      spec.series.map(({label}, n) => ({
        title: label,
        x,
        y: isEmpty ? x.map(() => 0) : drawn[n]!,
        style: {line: colours.lines[n % colours.lines.length]!},
      })),
    )
  }
}

/** Title, and each line's name and present value in its colour, as far as there is room. */
function legend(spec: ChartSpec, {view, host}: Shown, colours: Colours, room: number): string {
  let text = ` ${spec.title}, ${spec.unit} `
  let length = text.length
  for (const [n, {name, label}] of spec.series.entries()) {
    const value = present(view, host, name)
    const part = `${label} ${value === undefined ? '-' : number(value)} `
    length += part.length + 1
    if (length > room) break
    const colour = colours.lines[n % colours.lines.length]!
    text += ` {${colour}-fg}${part}{/${colour}-fg}`
  }
  return text
}

function makeBars(
  screen: Widgets.Screen,
  spec: Extract<WidgetSpec, {kind: 'bars'}>,
  place: Place,
  colours: Colours,
): Draw {
  const barSpacing = Math.max(9, Math.floor((place.width - 4) / spec.series.length))
  const chart = bar({
    ...place,
    barWidth: 6,
    barSpacing,
    xOffset: 1,
    maxHeight: 1,
    barBgColor: colours.lines[0],
    barFgColor: colours.text,
    labelColor: colours.text,
  })
  screen.append(chart)
  return ({view, host}) => {
    const values = spec.series.map(({name}) => present(view, host, name))
    const isKnown = values.some(value => value !== undefined)
    chart.setLabel(` ${spec.title}${isKnown ? `, ${spec.unit}` : ': no data yet'} `.slice(0, place.width - 3))
    chart.options.maxHeight = Math.max(1, ...values.map(value => value ?? 0))
    chart.setData({
      titles: spec.series.map(({label}) => label),
      data: values.map(value => Math.round(value ?? 0)),
    })
  }
}

function makeGauge(screen: Widgets.Screen, place: Place, colours: Colours): Draw {
  const chart = gauge({...place, stroke: colours.lines[0], fill: colours.text})
  screen.append(chart)
  return ({view, host}) => {
    const busy = view.series(host, 'busy').last
    const children = view.series(host, 'children').last
    const text = busy === undefined || !children ? 'no data yet' : `${busy} of ${children}`
    chart.setLabel(` busy children: ${text} `)
    chart.setPercent(busy === undefined || !children ? 0 : Math.round((100 * busy) / children))
  }
}

function makeText(
  screen: Widgets.Screen,
  place: Place,
  lines: (shown: Shown, width: number, height: number) => readonly string[],
): Draw {
  const box = blessed.box({...(place as Widgets.BoxOptions), tags: false, wrap: false})
  screen.append(box)
  return shown => {
    const room = {width: place.width - 2, height: place.height - 2}
    box.setContent(
      lines(shown, room.width, room.height)
        .map(text => text.slice(0, room.width))
        .join('\n'),
    )
  }
}

function slowLines({view, host}: Shown, width: number, height: number): readonly string[] {
  const mails = view.slow(host).slice(0, height - 1)
  if (mails.length === 0) return ['no mail has ended yet']
  const isWide = width >= 50
  const task = isWide ? 15 : 12
  return [
    `${'ms'.padStart(8)}  ${'TASK'.padEnd(task)} ${isWide ? `${'kB'.padStart(7)}  ` : ''}${isWide ? 'LONGEST SECTION' : 'LONGEST'}`,
    ...mails.map(
      ({taskId, totalMs, size, section, sectionMs}) =>
        `${number(totalMs).padStart(8)}  ${taskId.padEnd(task)} ${isWide ? `${size === undefined ? '' : number(size / 1024)}`.padStart(7).padEnd(9) : ''}${section} ${number(sectionMs)}`,
    ),
  ]
}

function logLines({view, host}: Shown, _: number, height: number): readonly string[] {
  const lines = view.lines(host).slice(-height)
  return lines.length === 0
    ? ['nothing was logged yet']
    : lines.map(({text, atMs}) => `${timeLabel(Math.floor(atMs / 1000), true)} ${text}`)
}
