/**
 * milter-main — the master of a milter in the background. Its arguments are the name and a MilterOrder as JSON; the
 * channel to its starter carries one word up.
 */
import {errorText} from '../errors.ts'
import type {MilterOrder} from './plan.ts'
import {runMilter} from './run-milter.ts'

export type MilterMessage = {readonly kind: 'ready'} | {readonly kind: 'failed'; readonly problem: string}

async function main(): Promise<void> {
  const [, , name = '', order = '', predecessor] = process.argv
  const say = (message: MilterMessage) => {
    if (!process.connected) return
    process.send?.(message)
    process.disconnect()
  }
  try {
    await runMilter(name, JSON.parse(order) as MilterOrder, Number(predecessor ?? 0), () =>
      say({kind: 'ready'}),
    )
    process.exit(0)
  } catch (error) {
    say({kind: 'failed', problem: errorText(error)})
    process.exit(1)
  }
}

void main()
