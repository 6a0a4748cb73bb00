/**
 * report — the state of milters as text (spec/milter-control §4, §5). Pure.
 */
import type {MilterState, SlotState} from './control.ts'

export type MilterFinding =
  | {readonly kind: 'running'; readonly state: MilterState}
  /** its process is there, and nobody answers */
  | {readonly kind: 'silent'; readonly name: string; readonly pid: number}
  | {readonly kind: 'stopped'; readonly name: string; readonly enabled: boolean}

export function milterReport(findings: readonly MilterFinding[], verbose = false): string {
  const running = findings.filter(({kind}) => kind !== 'stopped')
  const stopped = findings.filter(({kind}) => kind === 'stopped')
  const lines = stopped.map(found => paragraph(found, verbose)).join('')
  return [...running.map(found => paragraph(found, verbose)), lines].filter(text => text !== '').join('\n')
}

function paragraph(found: MilterFinding, verbose: boolean): string {
  switch (found.kind) {
    case 'stopped':
      return `${found.name}: not running${found.enabled ? '' : ' (disabled)'}\n`
    case 'silent':
      return `${found.name}: running, no answer (pid ${found.pid})\n`
    case 'running':
      return runningText(found.state, verbose)
  }
}

function runningText(state: MilterState, verbose: boolean): string {
  const {interpreters, draining} = state
  const lines = [
    `${state.name}: ${draining ? 'stopping' : 'running'}`,
    `  pid=${state.pid}  port=${state.port}  vsz=${mib(state.vszMib)}  threads=${state.threads}  procs=${state.procs}`,
    `  interp=${interpreters?.contexts ?? '-'}/${state.connsPerProc}  seq=${interpreters?.created ?? '-'}` +
      `${draining ? '' : `  waiting=${state.waiting}`}  flags=0x${state.flags.toString(16)}`,
  ]
  if (verbose)
    lines.push(
      `  up=${state.upSeconds}s  rss=${mib(state.rssMib)}${interpreters ? `  by=${interpreters.by}` : ''}`,
    )
  if (state.pooled) {
    const retiring = state.slots.filter(slot => slot.retiring).length
    lines.push(
      `  slots=${state.highWater}/${state.slotCount} (${retiring} retiring) req=${state.open} msg=${state.mails}`,
      ...state.slots.filter(({pid}) => verbose || pid !== undefined).map(slot => slotLine(slot, verbose)),
    )
  }
  return `${lines.join('\n')}\n`
}

function slotLine(slot: SlotState, verbose: boolean): string {
  const more = verbose && slot.pid !== undefined ? `  rss=${mib(slot.rssMib)} age=${slot.ageSeconds}s` : ''
  return (
    `    slot#${slot.index}:   pid=${String(slot.pid ?? '-').padEnd(6)} vsz=${mib(slot.vszMib).padEnd(7)} ` +
    `acc=${slot.connections}/${slot.connectionsEver}/${slot.processesEver} req=${slot.open}${slot.retiring ? '*' : ''}${more}`
  )
}

function mib(number: number): string {
  return number.toFixed(1)
}
