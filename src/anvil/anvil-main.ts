/**
 * anvil-main — the process of a counting server in the background. Its argument is an AnvilOrder as JSON; the channel
 * to its starter carries one word up.
 */
import {errorText} from '../errors.ts'
import type {AnvilOrder} from './plan.ts'
import {runAnvil} from './run-anvil.ts'

export type AnvilMessage = {readonly kind: 'ready'} | {readonly kind: 'failed'; readonly problem: string}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as AnvilOrder
  const say = (message: AnvilMessage) => {
    if (!process.connected) return
    process.send?.(message)
    process.disconnect()
  }
  try {
    await runAnvil(order, () => say({kind: 'ready'}))
    process.exit(0)
  } catch (error) {
    say({kind: 'failed', problem: errorText(error)})
    process.exitCode = 1
  }
}

void main()
