/**
 * supervised-bus — the supervisor of the bus that a master brings up, and stops when it stops.
 *
 * It ends with the master, whatever ends that. One that was started by itself is left alone: ours then
 * says that it is taken and ends, which is a line in the log and no trouble for mail.
 */
import type {McPlan} from '../bus/mc-plan.ts'
import {startMc} from '../bus/start-mc.ts'

export interface SupervisedBus {
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** Begin to bring it up; what it says goes to `say`. */
export function bringUpBus(plan: McPlan, say: (level: number, text: string) => void): SupervisedBus {
  let pid: number | undefined
  const started = startMc(plan, {attached: true, onLine: line => say(1, withoutHead(line))}).then(result => {
    if (result.kind === 'started') pid = result.pid
    else say(-1, `the bus is not up: ${result.problem}`)
    return result
  })
  return {
    get pid() {
      return pid
    },
    async stop() {
      const result = await started
      if (result.kind === 'started') await result.stop()
    },
  }
}

/** A line of its log without time and host, which ours has. */
function withoutHead(line: string): string {
  return line.replace(/^[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ /, '')
}
