/**
 * show — the counting server's clients live on the terminal.
 */
import type {AnvilState} from '../../anvil/control.ts'
import {type Polled, showPolled} from '../table/polled.ts'
import {
  ANVIL_COLUMNS,
  type AnvilColumn,
  anvilHeading,
  anvilLine,
  anvilSummary,
  selectClients,
} from './plain.ts'

interface AnvilSnapshot extends Polled {
  readonly state: AnvilState | undefined
}

/** Resolves when the viewer quits. */
export async function showAnvil(ask: () => Promise<AnvilState | undefined>, socket: string): Promise<void> {
  const first: AnvilSnapshot = {nowMs: Date.now(), heardMs: undefined, state: undefined}
  await showPolled(
    {
      name: 'amavis anvil',
      title: socket,
      columns: ANVIL_COLUMNS,
      waiting: ['', 'waiting for the server to answer; "amavis anvil start" starts it'],
      draw({state}, {filter, sort, reversed, width}) {
        const column = sort as AnvilColumn
        return {
          summary: state ? anvilSummary(state) : '',
          heading: anvilHeading(column, reversed, width),
          rows: state
            ? selectClients(state.clients, filter, column, reversed).map(client => anvilLine(client, width))
            : [],
        }
      },
    },
    first,
    async before => {
      const state = await ask()
      const nowMs = Date.now()
      return state ? {nowMs, heardMs: nowMs, state} : {...before, nowMs}
    },
  )
}
