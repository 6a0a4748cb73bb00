/**
 * show — the milters and the processes of their pools live on the terminal.
 */
import type {MilterState, SlotState} from '../../milter/control.ts'
import type {MilterFinding} from '../../milter/report.ts'
import {type Polled, showPolled} from '../table/polled.ts'
import {visibleText} from '../visible.ts'

const COLUMNS = ['milter', 'now', 'had', 'ever', 'vsz', 'age'] as const
type Column = (typeof COLUMNS)[number]

interface MilterSnapshot extends Polled {
  readonly findings: readonly MilterFinding[]
}

interface Row {
  readonly state: MilterState
  readonly slot: SlotState
}

/** Resolves when the viewer quits. */
export async function showMilters(look: () => Promise<readonly MilterFinding[]>): Promise<void> {
  const first: MilterSnapshot = {nowMs: Date.now(), heardMs: undefined, findings: []}
  await showPolled(
    {
      name: 'amavis milter',
      title: 'milters',
      columns: COLUMNS,
      waiting: ['', 'looking for milters; "amavis milter start" starts them'],
      draw({findings}, {filter, sort, reversed}) {
        return {
          summary: milterSummary(findings),
          heading: heading(sort as Column, reversed),
          rows: rowsOf(findings, filter, sort as Column, reversed).map(rowLine),
        }
      },
    },
    first,
    async () => {
      const findings = await look()
      const nowMs = Date.now()
      return {nowMs, heardMs: nowMs, findings}
    },
  )
}

/** `policy 3 req 1234 msg; outbound draining 1 req; archive not running` */
function milterSummary(findings: readonly MilterFinding[]): string {
  return findings
    .map(found => {
      if (found.kind === 'stopped') return `${found.name} not running`
      if (found.kind === 'silent') return `${found.name} no answer`
      const {name, draining, open, mails} = found.state
      return `${name}${draining ? ' draining' : ''} ${open} req ${mails} msg`
    })
    .join('; ')
}

function rowsOf(
  findings: readonly MilterFinding[],
  filter: RegExp | undefined,
  sort: Column,
  reversed: boolean,
): readonly Row[] {
  const rows = findings.flatMap(found =>
    found.kind === 'running'
      ? found.state.slots.flatMap(slot => (slot.pid === undefined ? [] : [{state: found.state, slot}]))
      : [],
  )
  const sign = reversed ? -1 : 1
  const shown = rows.filter(({state}) => filter === undefined || filter.test(state.name))
  return shown.sort((a, b) => sign * compare(a, b, sort))
}

function compare(a: Row, b: Row, column: Column): number {
  switch (column) {
    case 'milter':
      return a.state.name.localeCompare(b.state.name) || a.slot.index - b.slot.index
    case 'now':
      return b.slot.open - a.slot.open
    case 'had':
      return b.slot.connections - a.slot.connections
    case 'ever':
      return b.slot.connectionsEver - a.slot.connectionsEver
    case 'vsz':
      return b.slot.vszMib - a.slot.vszMib
    case 'age':
      return b.slot.ageSeconds - a.slot.ageSeconds
  }
}

function heading(sort: Column, reversed: boolean): string {
  const mark = (column: Column, text: string) => (column === sort ? `${text}${reversed ? '^' : 'v'}` : text)
  return (
    mark('milter', 'MILTER').padEnd(16) +
    'SLOT'.padStart(5) +
    'PID'.padStart(9) +
    mark('now', 'NOW').padStart(6) +
    mark('had', 'HAD').padStart(8) +
    mark('ever', 'EVER').padStart(10) +
    mark('vsz', 'VSZ').padStart(9) +
    'RSS'.padStart(8) +
    mark('age', 'AGE').padStart(8)
  )
}

function rowLine({state, slot}: Row): string {
  return visibleText(
    state.name.slice(0, 15).padEnd(16) +
      String(slot.index).padStart(5) +
      String(slot.pid ?? '-').padStart(9) +
      `${slot.open}${slot.retiring ? '*' : ''}`.padStart(6) +
      String(slot.connections).padStart(8) +
      `${slot.connectionsEver}/${slot.processesEver}`.padStart(10) +
      slot.vszMib.toFixed(0).padStart(9) +
      slot.rssMib.toFixed(0).padStart(8) +
      `${slot.ageSeconds} s`.padStart(8),
  )
}
