/**
 * classic-loop — amavisd-agent's loop. Clock, streams and source are handed in.
 *
 * Source: spec/monitoring §5.1.
 */
import type {SourceTexts} from '../source-texts.ts'
import {ClassicAgent, type Variables} from './classic.ts'

/** What there is to show now; `name` is the database, or the responder that stands in for it. */
export type AgentData =
  | {readonly kind: 'absent'; readonly name: string}
  | {
      readonly kind: 'variables'
      readonly name: string
      readonly variables: Variables
      /** another database, or another run of the daemon, since the last time */
      readonly reopened: boolean
    }

export interface AgentLoopOptions {
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  readonly waitMs: number
  readonly read: () => Promise<AgentData>
  readonly lines: (text: string) => void
  readonly remarks: (text: string) => void
  readonly texts: SourceTexts
  readonly now: () => number
  /** false when the program is to end */
  readonly sleep: (ms: number) => Promise<boolean>
}

/** @returns the exit status: 0, or 255 when interrupted */
export async function runClassicAgent(options: AgentLoopOptions): Promise<number> {
  const {count, lines, remarks, texts} = options
  const agent = new ClassicAgent()
  for (let shown = 0; count === undefined || shown < count; ) {
    const data = await options.read()
    if (data.kind === 'absent') {
      remarks(`${texts.absent(data.name)}\n`)
    } else {
      if (data.reopened) remarks(`${texts.reopened(data.name)}\n`)
      lines(`${agent.display(options.now(), data.variables).join('\n')}\n`)
      shown++
    }
    if (shown === count) return 0
    if (!(await options.sleep(options.waitMs))) {
      remarks('exited\n')
      return 255
    }
  }
  return 0
}
