/**
 * mc-log — where a supervisor or a service that was started by itself writes its log.
 */
import {hostname} from 'node:os'
import {createLog} from '../log/create-log.ts'
import type {Log} from '../log/log.ts'
import {stderrSink} from '../log/sinks.ts'
import {syslogSink} from '../log/syslog.ts'
import type {McPlan} from './mc-plan.ts'

const LONGEST_LINE = 980

export interface OpenMcLog {
  readonly log: Log
  close(): Promise<void>
}

/** @param ident the program's name in each line */
export function openMcLog(
  {log, level, facility}: Pick<McPlan, 'log' | 'level' | 'facility'>,
  ident: string,
): OpenMcLog {
  const sink =
    log === 'stderr'
      ? stderrSink({host: hostname(), ident})
      : syslogSink({ident, facility, maxLength: LONGEST_LINE})
  return {log: createLog({level, sink}), close: () => sink.close()}
}
