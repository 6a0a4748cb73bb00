/**
 * classic-options — the command lines of amavisd-nanny, amavisd-agent and amavisd-status.
 *
 * `-c COUNT` and `-w SECONDS` and nothing else; anything else is answered by a usage text whose stream and
 * status differ from program to program. Pure. Source: spec/monitoring §3, 4, 5.1.
 */
import {legend} from './nanny/classic.ts'

export interface ClassicOptions {
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  readonly waitMs: number | undefined
}

/** Undefined where the original shows its usage. */
export function parseClassicOptions(args: readonly string[]): ClassicOptions | undefined {
  let count: number | undefined
  let waitMs: number | undefined
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1] ?? ''
    if (args[i] === '-c' && /^[+-]?\d+$/.test(value)) count = Number(value)
    else if (args[i] === '-w' && isSeconds(value)) waitMs = Number(value) * 1000
    else return undefined
  }
  return {count, waitMs}
}

/** Digits with an optional fraction. */
export function isSeconds(text: string): boolean {
  return /^\d+(\.\d*)?$/.test(text)
}

export interface Usage {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** What the program says when it is called wrongly. */
export function classicUsage(program: 'nanny' | 'agent' | 'status'): Usage {
  const usage = `Usage: amavisd-${program} [-c <count>] [-w <wait-interval>]\n`
  switch (program) {
    case 'nanny':
      return {stdout: legend(), stderr: `${usage}exited\n`, status: 255}
    case 'agent':
      return {stdout: '', stderr: `${usage}exited\n`, status: 255}
    case 'status': {
      const last = 'space indicates idle (elapsed time bar is showing dots)'
      return {stdout: `${legend(last)}${usage}exited\n`, stderr: '', status: 1}
    }
  }
}
