/**
 * log — entries as Postfix's own anvil writes them, for those who read its statistics.
 *
 * Named `postfix/anvil` unless configured otherwise, statistics as info whatever the level, warnings by their priority
 * and by a word instead of a mark.
 */
import {hostname} from 'node:os'
import {createLog} from '../log/create-log.ts'
import type {Log} from '../log/log.ts'
import {stderrSink} from '../log/sinks.ts'
import {syslogSink} from '../log/syslog.ts'
import type {AnvilPlan} from './plan.ts'

const LONGEST_LINE = 980
/** RFC 5424 "informational", which is what the original gives its statistics. */
const INFO = 1

export function openAnvilLog({log, level, ident, facility}: AnvilPlan): {
  readonly log: Log
  close(): Promise<void>
} {
  const sink =
    log === 'stderr'
      ? stderrSink({host: hostname(), ident, marks: false})
      : syslogSink({ident, facility, maxLength: LONGEST_LINE, marks: false})
  return {log: createLog({level: Math.max(INFO, level), sink}), close: () => sink.close()}
}
