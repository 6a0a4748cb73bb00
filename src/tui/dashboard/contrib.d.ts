/** The widgets of blessed-contrib that are used here; its own types are for all of it, and do not compile. */
declare module 'blessed-contrib/lib/widget/charts/line.js' {
  import type {Widgets} from 'blessed'

  export interface LineElement extends Widgets.BoxElement {
    options: {maxY?: number} & Widgets.BoxOptions
    setData(data: readonly LineData[]): void
  }
  export interface LineData {
    readonly title: string
    readonly x: readonly string[]
    readonly y: readonly number[]
    readonly style: {readonly line: string}
  }
  export default function line(options: object): LineElement
}

declare module 'blessed-contrib/lib/widget/charts/bar.js' {
  import type {Widgets} from 'blessed'

  export interface BarElement extends Widgets.BoxElement {
    options: {maxHeight?: number} & Widgets.BoxOptions
    setData(data: {readonly titles: readonly string[]; readonly data: readonly number[]}): void
  }
  export default function bar(options: object): BarElement
}

declare module 'blessed-contrib/lib/widget/gauge.js' {
  import type {Widgets} from 'blessed'

  export interface GaugeElement extends Widgets.BoxElement {
    setPercent(percent: number): void
  }
  export default function gauge(options: object): GaugeElement
}
