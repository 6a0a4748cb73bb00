/**
 * pages — what each page of the dashboard shows, as data for the screen to draw. Pure.
 */
import type {SeriesName} from './names.ts'

export interface ChartSpec {
  readonly kind: 'chart'
  readonly title: string
  readonly unit: string
  readonly series: readonly {readonly name: SeriesName; readonly label: string}[]
}

export type WidgetSpec =
  | ChartSpec
  /** present values as bars */
  | {
      readonly kind: 'bars'
      readonly title: string
      readonly unit: string
      readonly series: ChartSpec['series']
    }
  /** busy children of all */
  | {readonly kind: 'gauge'; readonly title: string}
  | {readonly kind: 'slow'; readonly title: string}
  | {readonly kind: 'log'; readonly title: string}

/** In twelfths of the screen. */
export interface Placed {
  readonly row: number
  readonly column: number
  readonly rows: number
  readonly columns: number
  readonly widget: WidgetSpec
}

export interface Page {
  readonly name: string
  readonly widgets: readonly Placed[]
}

const same = (...names: readonly SeriesName[]): ChartSpec['series'] =>
  names.map(name => ({name, label: name}))

const CONTENT: ChartSpec = {
  kind: 'chart',
  title: 'content',
  unit: 'mails a minute',
  series: same('clean', 'spam', 'virus', 'banned', 'other'),
}

export const PAGES: readonly Page[] = [
  {
    name: 'overview',
    widgets: [
      {
        row: 0,
        column: 0,
        rows: 6,
        columns: 8,
        widget: {
          kind: 'chart',
          title: 'mail',
          unit: 'mails a minute',
          series: same('mails', 'deferred', 'refused'),
        },
      },
      {row: 0, column: 8, rows: 3, columns: 4, widget: {kind: 'gauge', title: 'busy children'}},
      {
        row: 3,
        column: 8,
        rows: 3,
        columns: 4,
        widget: {
          kind: 'bars',
          title: 'queues',
          unit: 'files',
          series: [
            {name: 'incoming', label: 'incom.'},
            {name: 'active', label: 'active'},
            {name: 'deferred queue', label: 'defer.'},
          ],
        },
      },
      {row: 6, column: 0, rows: 6, columns: 6, widget: {kind: 'slow', title: 'slowest mails of 10 min'}},
      {row: 6, column: 6, rows: 6, columns: 6, widget: {kind: 'log', title: 'log'}},
    ],
  },
  {
    name: 'content',
    widgets: [
      {row: 0, column: 0, rows: 7, columns: 12, widget: CONTENT},
      {
        row: 7,
        column: 0,
        rows: 5,
        columns: 6,
        widget: {kind: 'chart', title: 'size', unit: 'kB a minute', series: same('size')},
      },
      {
        row: 7,
        column: 6,
        rows: 5,
        columns: 6,
        widget: {
          kind: 'chart',
          title: 'errors',
          unit: 'a minute',
          series: same('timeouts', 'protocol', 'storage', 'internal'),
        },
      },
    ],
  },
  {
    name: 'timing',
    widgets: [
      {
        row: 0,
        column: 0,
        rows: 7,
        columns: 12,
        widget: {
          kind: 'chart',
          title: 'elapsed',
          unit: 'ms a mail',
          series: same('total', 'receiving', 'decoding', 'virus check', 'spam check', 'sending'),
        },
      },
      {
        row: 7,
        column: 0,
        rows: 5,
        columns: 6,
        widget: {kind: 'chart', title: 'children', unit: 'processes', series: same('busy', 'children')},
      },
      {row: 7, column: 6, rows: 5, columns: 6, widget: {kind: 'slow', title: 'slowest mails of 10 min'}},
    ],
  },
  {
    name: 'queues',
    widgets: [
      {
        row: 0,
        column: 0,
        rows: 8,
        columns: 12,
        widget: {
          kind: 'chart',
          title: 'Postfix queues',
          unit: 'files',
          series: same('maildrop', 'incoming', 'active', 'deferred queue'),
        },
      },
      {row: 8, column: 0, rows: 4, columns: 12, widget: {kind: 'log', title: 'log'}},
    ],
  },
]
