/**
 * text — a responder's answer as values and as the counter display.
 */
import type {Frame} from '../../bus/grammar.ts'
import {ClassicAgent, type Variable, type Variables} from './classic.ts'

/** The variables of an answer to `am.snmp?`; other frames are left out. */
export function variablesOf(frames: readonly Frame[]): Variables {
  const variables = new Map<string, Variable>()
  for (const frame of frames) {
    if (frame.kind === 'snmp') variables.set(frame.name, {type: frame.type, value: frame.value})
  }
  return variables
}

/** One display of the counters in the original's format, rates since the daemon's start; no last line end. */
export function agentText(frames: readonly Frame[], nowMs: number): string {
  return new ClassicAgent().display(nowMs, variablesOf(frames)).join('\n').trimStart()
}
